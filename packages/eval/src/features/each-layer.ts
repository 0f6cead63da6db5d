import { mkdir } from 'node:fs/promises';
import type { Metric } from '@selfsup/kit/metric';
import type { Figure, Remark, StageContext } from '@selfsup/kit/stage';
import { confusion } from '@selfsup/report/figures/confusion';
import { titleOf } from '../heads/head-results.ts';
import { emptyClassRemarks, refuseEmptyClass } from '../measures/empty-classes.ts';
import { classesShown } from '../measures/presence.ts';
import { requireNeed } from '../measures/require-need.ts';
import { openFeatures, type FeatureSet, type Labelling } from './feature-set.ts';

/** What an evaluation finds of one layer. */
export interface LayerResult {
  readonly metrics: readonly Metric[];
  readonly figures?: readonly Figure[];
  /** Counts `[true class][predicted class]` with the title of what predicted; those of the first layer become a figure. */
  readonly confusion?: { readonly title: Pick<Metric, 'head' | 'protocol' | 'layer'>; readonly matrix: number[][] };
  /** Labels of the images that were learned from and tested on, where classes without images must be spoken of. */
  readonly labels?: { readonly train?: ArrayLike<number>; readonly test: ArrayLike<number> };
}

/**
 * Measures the published features of each of the config's layers. A class without training images is refused, but with
 * `unless-absent` one that the dataset itself has none of. `labelling` says whether images may show several. Throws `UserError` for that and as `openFeatures` does.
 */
export async function eachLayer(
  context: StageContext<{ readonly layers: readonly string[] }>,
  emptyClasses: 'refused' | 'unless-absent' | 'allowed',
  measure: (features: FeatureSet, layer: string) => Promise<LayerResult>,
  labelling: Labelling = 'one',
): Promise<{ readonly metrics: Metric[]; readonly figures: Figure[]; readonly remarks: Remark[] }> {
  const { config, workFolder, extent } = context;
  await mkdir(workFolder, { recursive: true });
  const input = requireNeed(context, 'features');
  const metrics: Metric[] = [];
  const figures: Figure[] = [];
  let remarks: Remark[] = [];
  for (const layer of config.layers) {
    const features = await openFeatures(input, layer, 'layers', labelling);
    try {
      const { classes, train, description } = features;
      if (emptyClasses !== 'allowed') {
        const absent = emptyClasses === 'refused' ? [] : description.absent;
        const trainLabels = train.presence ? classesShown(train.presence, classes.length) : train.labels;
        refuseEmptyClass({ classes, trainLabels, absent }, extent);
      }
      const found = await measure(features, layer);
      metrics.push(...found.metrics);
      figures.push(...(found.figures ?? []));
      if (found.confusion !== undefined && layer === config.layers[0]) {
        const { title, matrix } = found.confusion;
        figures.push(confusion({ title: titleOf(title), classes: [...classes], matrix }));
      }
      remarks = emptyClassRemarks(classes, found.labels ?? {});
    } finally {
      features.close();
    }
  }
  return { metrics, figures, remarks };
}
