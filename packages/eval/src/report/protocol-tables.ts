import type { ComparisonInput } from './comparison-input.ts';
import { formatMetric, formatSeconds } from './format.ts';
import type { PublishedNumber } from './input.ts';
import { meanSeconds, shortKeys } from './made-by.ts';
import { html, type Markup } from './markup.ts';
import { metricOf, rowsBehind, settingsDifferences, type Protocol } from './protocols.ts';
import { meanText, valuesOf, type MetricValues } from './results.ts';

/** A column of a table and the metric that stands in it. */
interface Column {
  readonly metric: string;
  readonly title: string;
}

/**
 * All entries by one protocol. With one layer a column is a measure; with several a column is a layer, and every measure
 * but the first has a table of its own, folded. Published numbers stand in it where their protocol is this one.
 */
export function protocolBlock(
  input: ComparisonInput,
  metrics: ReadonlyMap<string, MetricValues[]>,
  protocol: Protocol,
): Markup {
  const { head, layers, measures } = protocol;
  const [only] = layers;
  const title = html`${head}, protocol ${protocol.protocol}`;
  const all = layers.flatMap((layer) => measures.map((measure) => metricOf(protocol, layer, measure)));
  const tables =
    layers.length === 1 && only !== undefined
      ? tableOf(
          input,
          metrics,
          measures.map((measure) => ({ metric: metricOf(protocol, only, measure), title: measureTitle(measure) })),
          `On ${only}`,
        )
      : measures.map((measure, i) => {
          const columns = layers.map((layer) => ({ metric: metricOf(protocol, layer, measure), title: layer }));
          const table = tableOf(input, metrics, columns, `${measureTitle(measure)} by layer`);
          return i === 0
            ? table
            : html`<details>
                <summary>${measureTitle(measure)}</summary>
                ${table}
              </details>`;
        });
  return html`<h3>${title}</h3>
    ${tables}${differencesNote(input, all)}${elsewhereNote(input.published, all)}`;
}

/** A measure in words: `top1-best` is "top-1, best epoch". */
export function measureTitle(measure: string): string {
  return measure.replace(/^top(\d)/, 'top-$1').replace(/-best$/, ', best epoch');
}

function tableOf(
  input: ComparisonInput,
  metrics: ReadonlyMap<string, MetricValues[]>,
  columns: readonly Column[],
  caption: string,
): Markup {
  const names = columns.map(({ metric }) => metric);
  const different = new Set(settingsDifferences(input, names).map(({ label }) => label));
  const ours = input.variants.flatMap((label) => {
    const values = columns.map(({ metric }) => valuesOf(metrics, metric, label));
    const seeds = new Set(values.flatMap((one) => [...(one?.bySeed.keys() ?? [])]));
    if (seeds.size === 0) return [];
    return [
      html`<tr>
        <th scope="row">${label}${different.has(label) && html` <span class="badge bad">other settings</span>`}</th>
        <td>${[...seeds].sort((a, b) => a - b).join(', ')}</td>
        ${values.map((one) => html`<td class="number">${one === undefined ? '–' : meanText(one)}</td>`)}
        ${madeBy(input, label, names)}
      </tr>`,
    ];
  });
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption>
        ${caption}; mean over seeds ± deviation
      </caption>
      <thead>
        <tr>
          <th scope="col">system</th>
          <th scope="col">seeds</th>
          ${columns.map(({ title }) => html`<th scope="col" class="number">${title}</th>`)}
          <th scope="col" class="number">wall time</th>
          <th scope="col">config</th>
        </tr>
      </thead>
      <tbody>
        ${ours}${publishedRows(input.published, columns)}
      </tbody>
    </table>
  </div>`;
}

/** Wall time of the evaluations that gave these metrics, and the short keys of the first of them. */
function madeBy(input: ComparisonInput, label: string, names: readonly string[]): Markup {
  const rows = rowsBehind(input, label, names);
  const seconds = meanSeconds(rows);
  return html`<td class="number">${seconds === undefined ? '–' : formatSeconds(seconds)}</td>
    <td class="keys">${shortKeys(rows)}</td>`;
}

/** Rows of published numbers of the same protocol; those of one method and source stand in one row. */
function publishedRows(published: readonly PublishedNumber[], columns: readonly Column[]): Markup[] {
  const rows = new Map<string, PublishedNumber[]>();
  for (const number of published) {
    if (number.comparable !== true || !columns.some(({ metric }) => metric === number.metric)) continue;
    const id = JSON.stringify([number.variant, methodOf(number), number.source]);
    rows.set(id, [...(rows.get(id) ?? []), number]);
  }
  return [...rows.values()].map((numbers) => {
    const [first] = numbers as [PublishedNumber];
    const cells = columns.map(({ metric }) => {
      const value = numbers.find((number) => number.metric === metric)?.value;
      return html`<td class="number">${value === undefined ? '–' : formatMetric(metric, value)}</td>`;
    });
    return html`<tr class="published">
      <th scope="row">${methodOf(first)} <span class="badge good">published</span></th>
      <td>–</td>
      ${cells}
      <td colspan="2" class="source">${first.source}</td>
    </tr>`;
  });
}

/** What the literature calls a method, else the entry that it is. */
export function methodOf({ method, variant, source }: PublishedNumber): string {
  return method ?? variant ?? source;
}

/** Says which entries were measured in another way, and how. */
function differencesNote(input: ComparisonInput, names: readonly string[]): Markup {
  const differences = settingsDifferences(input, names);
  if (differences.length === 0) return html``;
  const shown = differences
    .slice(0, 12)
    .map(
      ({ label, name, value, reference, referenceValue }) =>
        html`<li>
          ${label}: <code>${name}</code> ${value ?? 'not set'}, ${reference}: ${referenceValue ?? 'not set'}
        </li>`,
    );
  return html`<div class="banner">
    <strong>Not all of these were measured in the same way.</strong>
    <ul>
      ${shown}${differences.length > 12 && html`<li>and ${differences.length - 12} more</li>`}
    </ul>
  </div>`;
}

/** Says that there are published numbers for these metrics which another protocol gave. */
function elsewhereNote(published: readonly PublishedNumber[], names: readonly string[]): Markup {
  const others = published.filter(({ metric, comparable }) => comparable !== true && names.includes(metric));
  if (others.length === 0) return html``;
  const methods = [...new Set(others.map(methodOf))].join('; ');
  return html`<p class="key">
    Not in this table, since their protocol is another one: the published numbers of ${methods}. They are
    <a href="#literature">beside the literature</a>, each with what differs.
  </p>`;
}
