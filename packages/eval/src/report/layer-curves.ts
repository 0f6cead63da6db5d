import { isPercent } from './format.ts';
import type { PublishedNumber, Results } from './input.ts';
import { html, type Markup } from './markup.ts';
import { methodOf, measureTitle } from './protocol-tables.ts';
import { metricOf, type Protocol } from './protocols.ts';
import { valuesOf, type MetricValues } from './results.ts';
import { lineChart, type Series } from './svg-chart.ts';

/** Variants of an experiment or entries of a comparison, and what the literature has beside them. */
type Compared = Results & { readonly published: readonly PublishedNumber[] };

/** One chart for each protocol of several layers and each measure after the last epoch: a line for each entry. */
export function layerCurves(
  input: Compared,
  metrics: ReadonlyMap<string, MetricValues[]>,
  protocols: readonly Protocol[],
): Markup {
  const charts = protocols
    .filter(({ layers }) => layers.length > 1)
    .flatMap((protocol) =>
      protocol.measures
        .filter((measure) => !measure.endsWith('-best'))
        .map((measure) => chartOf(input, metrics, protocol, measure)),
    );
  return charts.length === 0 ? html`` : html`<div class="charts">${charts}</div>`;
}

function chartOf(
  input: Compared,
  metrics: ReadonlyMap<string, MetricValues[]>,
  protocol: Protocol,
  measure: string,
): Markup {
  const { head, layers } = protocol;
  const names = layers.map((layer) => metricOf(protocol, layer, measure));
  const ours = input.variants.map((label, colour): Series => {
    const points = names.flatMap((metric, x) => {
      const values = valuesOf(metrics, metric, label);
      return values === undefined ? [] : [[x, values.mean, values.deviation] as const];
    });
    return { name: label, colour, points };
  });
  const title = `${head}, protocol ${protocol.protocol}: ${measureTitle(measure)}`;
  const yLabel = `${measureTitle(measure)}${isPercent(measure) ? ' (%)' : ''}`;
  return lineChart({ title, xLabel: 'layer', yLabel, xNames: layers, series: [...ours, ...published(input, names)] });
}

/** Dashed lines: what the literature has by this very protocol. */
function published(input: Compared, names: readonly string[]): Series[] {
  const series = new Map<string, { name: string; colour: number; points: [number, number][] }>();
  for (const number of input.published) {
    const x = names.indexOf(number.metric);
    if (number.comparable !== true || x < 0) continue;
    const name = `${methodOf(number)}, published`;
    const own = number.variant === undefined ? -1 : input.variants.indexOf(number.variant);
    const one = series.get(name) ?? { name, colour: own < 0 ? input.variants.length + series.size : own, points: [] };
    series.set(name, one);
    one.points.push([x, number.value]);
  }
  return [...series.values()].map((one) => ({ ...one, dash: 1, points: one.points.sort(([a], [b]) => a - b) }));
}
