import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chosenImages, evenlySpaced } from '@selfsup/data/subset';
import { writeAtomically } from '@selfsup/kit/files';
import type { StageContext, StageResult } from '@selfsup/kit/stage';
import { extractSplit } from '../../features/extract-split.ts';
import type { FeatureDescription } from '../../features/feature-set.ts';
import type { FeaturesConfig } from '../../features/features-config.ts';
import { openFrozenInput } from '../../features/frozen-input.ts';
import { classesAbsentFrom } from '../../measures/empty-classes.ts';

/**
 * Extracts the features that a config asks for into the work folder; see `feature-set.ts` for what it gives.
 * Throws `UserError` for an unknown layer and for images of another size than the encoder's.
 */
export async function extractFeatures(context: StageContext<FeaturesConfig>): Promise<StageResult> {
  const { config, seed, workFolder, extent } = context;
  await mkdir(workFolder, { recursive: true });
  const input = await openFrozenInput(context, config.layers, 'layers');
  const { dataset, frozen } = input;
  try {
    const blobs: Record<string, string> = {};
    const parts = {} as FeatureDescription['parts'];
    // Both are chosen before the first takes its time.
    const chosen = (['train', 'test'] as const).map(
      (part) => [part, chosenImages(dataset, config[part], seed, part)] as const,
    );
    for (const [part, all] of chosen) {
      const { split } = config[part];
      const indices = evenlySpaced(all, extent.batches * config.batchSize);
      const files = await extractSplit({
        ...context,
        part,
        split,
        indices,
        dataset,
        frozen,
        layers: config.layers,
        batchSize: config.batchSize,
        workers: config.workers,
      });
      Object.assign(blobs, files);
      const presence = `${part}-presence` in files ? { presence: true as const } : {};
      parts[part] = { split, images: indices.length, ...presence };
    }
    frozen.assertUnchanged();
    const absent = classesAbsentFrom(config.train.split, dataset);
    const description: FeatureDescription = {
      schema: 1,
      ...input.facts,
      classes: [...dataset.manifest.classes],
      layers: Object.fromEntries(config.layers.map((name, i) => [name, frozen.shapes[i] as [number, number, number]])),
      parts,
      ...(absent.length > 0 && { absent }),
    };
    const file = join(workFolder, 'features.json');
    await writeAtomically(file, `${JSON.stringify(description)}\n`);
    return { blobs, files: { 'features.json': file }, metrics: [] };
  } finally {
    await input.close();
  }
}
