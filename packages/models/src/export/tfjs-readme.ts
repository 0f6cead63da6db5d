import type { LoadedEncoder } from '../encoder.ts';

/** README of a tfjs export: what the models take and give, and how a page loads them. */
export function tfjsReadme(encoder: LoadedEncoder, models: readonly string[]): string {
  const { description, input, normalisation, probePoints, model } = encoder;
  const { height, width, channels } = input;
  const shapes = probePoints.map((name) => {
    const [, ...shape] = model.getLayer(name).outputShape as number[];
    return `| \`${name}\` | [batch, ${shape.join(', ')}] |`;
  });
  const classifier = models.filter((name) => name !== 'encoder');
  return `# A network trained by Selfsup, for TensorFlow.js

Task \`${description.task}\`, network \`${description.network.name}\` ${JSON.stringify(description.network.config)}, seed ${description.seed},
after ${description.epoch} epochs (${description.step} steps).

- \`encoder/\`: images to the last feature map.
${classifier.map((name) => `- \`${name}/\`: images to the logits of the pretext task.\n`).join('')}
Input: float32 [batch, ${height}, ${width}, ${channels}], each channel (pixel − mean) / std with pixels of 0..255,
mean [${normalisation.mean.join(', ')}], std [${normalisation.std.join(', ')}].

| layer | output |
|---|---|
${shapes.join('\n')}

## Use in a page or in Node

\`\`\`js
import * as tf from '@tensorflow/tfjs'; // 4.22 or later

const encoder = await tf.loadLayersModel('encoder/model.json');
const mean = tf.tensor1d(${JSON.stringify(normalisation.mean)});
const std = tf.tensor1d(${JSON.stringify(normalisation.std.map((value) => value || 1))});

// picture: an <img> or <canvas>
const pixels = tf.image.resizeBilinear(tf.browser.fromPixels(picture, ${channels}), [${height}, ${width}]);
const image = pixels.sub(mean).div(std).expandDims(0);

const probe = tf.model({ inputs: encoder.inputs, outputs: encoder.getLayer('${probePoints.at(-1)}').output });
const features = probe.predict(image).mean([1, 2]);
\`\`\`
`;
}
