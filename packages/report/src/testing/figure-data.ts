import type { Figure } from '@selfsup/kit/stage';
import type { ClassScores } from '../figures/kinds/class-scores.ts';
import type { Confusion } from '../figures/kinds/confusion.ts';
import type { Curve } from '../figures/kinds/curve.ts';
import type { Detections } from '../figures/kinds/detections.ts';
import type { Filters } from '../figures/kinds/filters.ts';
import type { Masks } from '../figures/kinds/masks.ts';
import type { Pictures } from '../figures/kinds/pictures.ts';
import type { PrecisionRecall } from '../figures/kinds/precision-recall.ts';
import type { Scatter } from '../figures/kinds/scatter.ts';

interface Data {
  'class-scores': ClassScores;
  confusion: Confusion;
  curve: Curve;
  detections: Detections;
  filters: Filters;
  masks: Masks;
  pictures: Pictures;
  'precision-recall': PrecisionRecall;
  scatter: Scatter;
}

/** Data of the figures of one kind that a stage gave, in its order. */
export function allFigureData<Kind extends keyof Data>(
  { figures = [] }: { readonly figures?: readonly Figure[] | undefined },
  kind: Kind,
): Data[Kind][] {
  return figures.filter((figure) => figure.kind === kind).map(({ data }) => data as Data[Kind]);
}

/** Data of the first figure of a kind. Throws where the stage gave none. */
export function figureData<Kind extends keyof Data>(
  result: { readonly figures?: readonly Figure[] | undefined },
  kind: Kind,
): Data[Kind] {
  const [data] = allFigureData(result, kind);
  if (data === undefined) throw new Error(`no figure of kind ${kind}`);
  return data;
}
