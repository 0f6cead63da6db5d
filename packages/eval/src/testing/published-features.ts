import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StageInput } from '@selfsup/kit/stage';
import { temporaryFolder } from '@selfsup/kit/testing/temporary-folder';
import { writeNpy } from '@selfsup/numerics/npy';
import { featureBlob, type FeatureDescription } from '../features/feature-set.ts';

interface Part {
  /** `[images, height, width, channels]`. */
  readonly features: Float32Array;
  readonly labels: Int32Array;
  /** `[images, classes]`, where images show several. */
  readonly presence?: Int32Array;
}

/** Features of one layer as `eval/features` publishes them. */
export function publishedFeatures(
  layer: string,
  shape: [number, number, number],
  classes: readonly string[],
  parts: Readonly<Record<'train' | 'test', Part>>,
  digest = 'd',
  absent?: readonly string[],
): StageInput {
  const folder = temporaryFolder('published');
  mkdirSync(folder, { recursive: true });
  const blob = (name: string): string => join(folder, `${name}.npy`);
  for (const part of ['train', 'test'] as const) {
    const { features, labels, presence } = parts[part];
    if (presence) writeNpy(blob(`${part}-presence`), '<i4', [labels.length, classes.length], presence);
    writeNpy(blob(featureBlob(part, layer)), '<f4', [labels.length, ...shape], features);
    writeNpy(blob(`${part}-labels`), '<i4', [labels.length], labels);
    writeNpy(
      blob(`${part}-indices`),
      '<u4',
      [labels.length],
      Uint32Array.from(labels, (_, i) => i),
    );
  }
  const description: FeatureDescription = {
    schema: 1,
    encoder: { task: 'random', network: 'nin', sha256: 'e' },
    dataset: { name: 'generated', digest },
    classes: [...classes],
    ...(absent && { absent: [...absent] }),
    layers: { [layer]: shape },
    parts: {
      train: describe('train', parts.train),
      test: describe('test', parts.test),
    },
  };
  writeFileSync(join(folder, 'features.json'), JSON.stringify(description));
  return { ref: 'features', folder, metrics: [], blob };
}

function describe(split: string, { labels, presence }: Part) {
  return { split, images: labels.length, ...(presence && { presence: true as const }) };
}
