import { accuracy, metricsOf, type Metric } from '@selfsup/kit/metric';
import type { Figure, Remark } from '@selfsup/kit/stage';
import { confusion } from '@selfsup/report/figures/confusion';
import { curve as curveFigure } from '@selfsup/report/figures/curve';
import type { Curves } from '@selfsup/trainer/curve';
import { emptyClassRemarks, labelsOf } from '../measures/empty-classes.ts';

/** What the test of a trained head gave, in percent. */
interface Scores {
  readonly top1: number;
  readonly top5?: number | undefined;
  /** The best top-1 of any test. */
  readonly best: number;
  /** `[true class][predicted class]`, counts. */
  readonly confusion: number[][];
}

/** A head's title without its layer. */
type Title = Pick<Metric, 'head' | 'protocol' | 'family'>;

/** A metric's name without its measure: what a figure of the same head is headed with. */
export function titleOf({ head, protocol, layer }: Pick<Metric, 'head' | 'protocol' | 'layer'>): string {
  return [head, protocol, layer].filter((part) => part !== undefined).join('/');
}

/** The best of any test beside what was measured last. */
function bestTop1(title: Title & Pick<Metric, 'layer'>, best: number): Metric {
  return { ...title, measure: 'top1', epoch: 'best', ...accuracy, value: best };
}

/**
 * Metrics and figures of heads trained on labels, one for each layer: top-1, top-5 where it was measured and there are more
 * than five classes, and the best top-1 where there were several tests; the learning curve, and the confusion of the layer
 * with the best top-1.
 */
export function headResults(
  title: Title,
  layers: readonly string[],
  { classes, trainLabels }: { readonly classes: readonly string[]; readonly trainLabels: Int32Array },
  heads: readonly Scores[],
  curve: Curves,
): { readonly metrics: Metric[]; readonly figures: Figure[]; readonly remarks: Remark[] } {
  const metrics = layers.flatMap((layer, i) => {
    const { top1, top5, best } = heads[i]!;
    const own = { ...title, layer };
    const measured = { top1, top5: classes.length > 5 ? top5 : undefined };
    return [
      ...metricsOf(own, { top1: accuracy, top5: accuracy }, measured),
      ...(curve.test.length > 1 ? [bestTop1(own, best)] : []),
    ];
  });
  const strongest = heads.reduce((best, head, i) => (head.top1 > heads[best]!.top1 ? i : best), 0);
  const shown = titleOf({ ...title, layer: layers[strongest] });
  const matrix = heads[strongest]!.confusion;
  return {
    metrics,
    remarks: emptyClassRemarks(classes, { train: trainLabels, test: labelsOf(matrix) }),
    figures: [headCurve(curve), confusion({ title: shown, classes: [...classes], matrix })],
  };
}

/** The course of a head's training; all of its tests measure accuracies. */
function headCurve({ train, test }: Curves): Figure {
  const quantities = new Set(test.flatMap((point) => Object.keys(point)));
  const percent = [...quantities].filter((name) => name !== 'epoch' && name !== 'step');
  return curveFigure({ train: [...train], test: [...test], percent });
}
