import type { NameForms } from './name-forms.ts';
import type { Template } from './template.ts';

/** An encoder of three convolutions, each of which halves the image. */
export const networkTemplate: Template = (forms) => {
  const { name } = forms;
  const folder = `packages/models/src/networks/${name}`;
  return {
    files: { [`${folder}/${name}.ts`]: network(forms), [`${folder}/${name}.test.ts`]: test(forms) },
    next: [`npm test -- ${name}`, `npx selfsup run quickstart --set 'pretrain.config.network={"name":"${name}"}'`],
  };
};

const network = ({
  name,
  camel,
  pascal,
}: NameForms): string => `import { batchNormRelu, conv2d } from '@selfsup/engine/layers';
import { deriveKey } from '@selfsup/kit/random';
import { tf } from '@selfsup/engine/tensorflow';
import { z } from 'zod';
import { heFanOut } from '../../building/initialisers.ts';
import type { Network } from '../../network.ts';

// The "network" section of a config without its name. Strict: a key that is not named here is an error.
const schema = z.strictObject({
  /** Channels of the first layer; each further one has twice as many. */
  width: z.int().min(1).default(32),
});
type ${pascal}Config = z.infer<typeof schema>;

const LAYERS = 3;

/**
 * Three units of 3×3 convolution with stride 2, batch norm and ReLU. For 32×32 images: conv1 [batch, 16, 16, width],
 * conv2 [batch, 8, 8, 2 · width], conv3 [batch, 4, 4, 4 · width].
 */
const ${camel}Network: Network<${pascal}Config> = {
  schema,

  // Layers that evaluations may read, from the image to the last feature map.
  probePoints: () => Array.from({ length: LAYERS }, (_, index) => \`conv\${index + 1}\`),

  build({ width }, input, key) {
    const image = tf.input({ shape: [input.height, input.width, input.channels], name: 'image' });
    let x: tf.SymbolicTensor = image;
    for (let layer = 1; layer <= LAYERS; layer++) {
      const convolution = conv2d({
        name: \`layer\${layer}\`,
        filters: width * 2 ** (layer - 1),
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        // Batch norm has an offset of its own.
        useBias: false,
        // A key for each layer: the same seed gives the same weights, whatever else is built.
        kernelInitializer: heFanOut(deriveKey(key, \`layer\${layer}\`)),
      });
      const unit = batchNormRelu({ name: \`norm\${layer}\`, reluName: \`conv\${layer}\` });
      x = unit.apply(convolution.apply(x) as tf.SymbolicTensor);
    }
    return tf.model({ inputs: image, outputs: x, name: '${name}' });
  },
};
export default ${camel}Network;
`;

const test = ({ name, camel, pascal }: NameForms): string => `import type { RandomKey } from '@selfsup/kit/random';
import { tf } from '@selfsup/engine/tensorflow';
import { expect, test } from 'vitest';
import { parameterCount } from '../../checkpoint/weights.ts';
import ${camel}Network from './${name}.ts';

const input = { height: 32, width: 32, channels: 3 };
const build = (key: RandomKey): tf.LayersModel => ${camel}Network.build({ width: 8 }, input, key);

test('${pascal} has the layers and the number of weights that its description says', () => {
  const encoder = build([1, 0]);
  const shapes = ${camel}Network.probePoints({ width: 8 }).map((layer) => encoder.getLayer(layer).outputShape);
  expect(shapes).toEqual([
    [null, 16, 16, 8],
    [null, 8, 8, 16],
    [null, 4, 4, 32],
  ]);
  // 3×3 kernels without bias, then gain and offset of batch norm.
  expect(parameterCount(encoder)).toBe(9 * (3 * 8 + 8 * 16 + 16 * 32) + 2 * (8 + 16 + 32));
});

test('${pascal}: the same key gives the same features, another key others', () => {
  const image = tf.ones([1, 32, 32, 3]);
  const features = [1, 1, 2].map((seed) => (build([seed, 0]).predict(image) as tf.Tensor).dataSync());
  expect(features[1]).toEqual(features[0]);
  expect(features[2]).not.toEqual(features[0]);
});

test('${pascal} refuses settings that it does not know', () => {
  expect(${camel}Network.schema.safeParse({ widht: 8 }).success).toBe(false);
});
`;
