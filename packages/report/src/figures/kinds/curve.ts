import { z } from 'zod';
import { lineChart, type Series } from '../../charts/svg-chart.ts';
import { html, type Markup } from '../../markup/html.ts';
import { figureMaker, type FigureKind, type FigurePage, type Shown } from '../figure-kind.ts';

const points = z.array(z.record(z.string(), z.number().nullable()));
const schema = z.strictObject({
  /** Points in the course of training, each with `epoch` or `step` and any further numbers; null where none was finite. */
  train: points,
  /** The same of tests in between. */
  test: points,
  /** Names of the numbers that are given in percent. */
  percent: z.array(z.string()),
});
export type Curve = z.infer<typeof schema>;

/** The course of a training. */
export const curve = figureMaker('curve', schema);

export default {
  schema,
  section: { title: 'Learning curves', place: 10 },
  // A comparison is of what was learned, not of how.
  render: (shown, page) => (page.entries === undefined ? learningCurves(shown, page) : html``),
} satisfies FigureKind<Curve>;

type ShownCurve = Shown<Curve>;

/** Columns that say where a point stands rather than what was measured. */
const positions = new Set(['epoch', 'step', 'images', 'learningRate', 'seconds']);

/** One chart per stage and quantity, a line for each variant and seed, training and test apart. */
function learningCurves(all: readonly ShownCurve[], page: FigurePage): Markup {
  const stages = [...new Set(all.map(({ row }) => row.stage))];
  const blocks = stages.flatMap((stage) => {
    const shown = all.filter(({ row }) => row.stage === stage);
    const charts = (['train', 'test'] as const).flatMap((part) =>
      quantities(shown, part).map((quantity) => chartOf(page, shown, part, quantity)),
    );
    return charts.length === 0
      ? []
      : [
          html`<h3>${stage}</h3>
            <div class="charts">${charts}</div>`,
        ];
  });
  return html`${blocks}`;
}

function quantities(shown: readonly ShownCurve[], part: 'train' | 'test'): string[] {
  // One point is no course: what was measured at the end alone stands in the tables.
  const courses = shown.map(({ data }) => data[part]).filter(({ length }) => length > 1);
  const names = courses.flatMap((points) => points.flatMap((point) => Object.keys(point)));
  return [...new Set(names)].filter((name) => !positions.has(name));
}

function chartOf(page: FigurePage, shown: readonly ShownCurve[], part: 'train' | 'test', quantity: string): Markup {
  const x = shown.every(({ data }) => data[part].every((point) => point.epoch !== undefined)) ? 'epoch' : 'step';
  const series: Series[] = shown.map(({ row, data }) => ({
    name: page.seeds.length > 1 ? `${row.variant}, seed ${row.seed}` : row.variant,
    colour: page.variants.indexOf(row.variant),
    dash: page.seeds.indexOf(row.seed),
    points: thin(data[part]).flatMap((point) => {
      const value = point[quantity];
      return value === undefined || value === null ? [] : [[point[x] ?? 0, value] as const];
    }),
  }));
  const unit = shown.some(({ data }) => data.percent.includes(quantity)) ? ' (%)' : '';
  const where = part === 'train' ? 'training' : 'test';
  return lineChart({ title: `${quantity}, ${where}`, xLabel: x, yLabel: `${quantity}${unit}`, series });
}

/** At most 400 points: more than the chart has places for. Keeps the first and the last. */
function thin<T>(points: readonly T[]): readonly T[] {
  const every = Math.ceil(points.length / 400);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
}
