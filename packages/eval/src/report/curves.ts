import { isPercent } from './format.ts';
import type { Results, StageRow } from './input.ts';
import { html, type Markup } from './markup.ts';
import { lineChart, type Series } from './svg-chart.ts';

/** Columns that say where a point stands rather than what was measured. */
const positions = new Set(['epoch', 'step', 'images', 'learningRate', 'seconds']);

/** One chart per stage and quantity, a line for each variant and seed, training and test apart. */
export function learningCurves(input: Results): Markup {
  const stages = [...new Set(input.rows.filter((row) => row.outputs?.curve !== undefined).map((row) => row.stage))];
  const blocks = stages.map((stage) => {
    const rows = input.rows.filter((row) => row.stage === stage && row.outputs?.curve !== undefined);
    const charts = (['train', 'test'] as const).flatMap((part) =>
      quantities(rows, part).map((quantity) => chartOf(input, rows, part, quantity)),
    );
    return html`<h3>${stage}</h3>
      <div class="charts">${charts}</div>`;
  });
  return html`${blocks}`;
}

function quantities(rows: readonly StageRow[], part: 'train' | 'test'): string[] {
  const names = new Set<string>();
  for (const row of rows)
    for (const point of row.outputs?.curve?.[part] ?? [])
      for (const name of Object.keys(point)) if (!positions.has(name)) names.add(name);
  return [...names];
}

function chartOf(input: Results, rows: readonly StageRow[], part: 'train' | 'test', quantity: string): Markup {
  const x = rows.every((row) => (row.outputs?.curve?.[part] ?? []).every((point) => point.epoch !== undefined))
    ? 'epoch'
    : 'step';
  const series: Series[] = rows.map((row) => ({
    name: input.seeds.length > 1 ? `${row.variant}, seed ${row.seed}` : row.variant,
    colour: input.variants.indexOf(row.variant),
    dash: input.seeds.indexOf(row.seed),
    points: thin(row.outputs?.curve?.[part] ?? []).flatMap((point) => {
      const value = point[quantity];
      return value === undefined ? [] : [[point[x] ?? 0, value] as const];
    }),
  }));
  const unit = isPercent(quantity) ? ' (%)' : '';
  const where = part === 'train' ? 'training' : 'test';
  return lineChart({ title: `${quantity}, ${where}`, xLabel: x, yLabel: `${quantity}${unit}`, series });
}

/** At most 400 points: more than the chart has places for. Keeps the first and the last. */
function thin<T>(points: readonly T[]): readonly T[] {
  const every = Math.ceil(points.length / 400);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
}
