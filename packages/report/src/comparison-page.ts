import { layerCurves } from './charts/layer-curves.ts';
import { groupsOf } from './charts/panels.ts';
import type { ComparisonInput } from './comparison-input.ts';
import { figureSections } from './figures/figure-sections.ts';
import type { PublishedNumber } from './input.ts';
import { renderDocument, section } from './markup/document.ts';
import { html, type Markup } from './markup/html.ts';
import { allInPercent } from './metrics/beside-published.ts';
import { familiesOf } from './metrics/families.ts';
import { gatherMetrics, valuesOf, type Metrics, type MetricValues } from './metrics/gather.ts';
import { orderNotes } from './metrics/order-notes.ts';
import { hasProtocol, nameIn, protocolsOf, type Protocol } from './metrics/protocols.ts';
import { compared } from './tables/compared.ts';
import { computedOn, datasetSection, reproducibility } from './tables/facts.ts';
import { familyBlock } from './tables/family-tables.ts';
import { headlines } from './tables/headlines.ts';
import { metricTitle } from './tables/metric-title.ts';
import { publishedTable } from './tables/published-table.ts';
import { remarkList } from './tables/remarks.ts';
import { pretrainingData, pretrainingSamples } from './tables/samples.ts';
import { seedTable } from './tables/seed-table.ts';
import { isInWholeTable, wholeTable } from './tables/whole-table.ts';

/** Notes on the order that are open; more are folded. */
const mostNotes = 6;
/** Systems that the head of the page names one by one. */
const mostSystems = 10;
/** Datasets that are described in full; more are folded. */
const mostDatasets = 3;

/**
 * The report of a comparison: one table per protocol over all its entries, curves over layers, published numbers beside
 * ours where the protocol is the same, pictures side by side. One HTML page as `renderReport` gives it.
 * Throws as `renderReport` does.
 */
export async function renderComparison(published: ComparisonInput): Promise<string> {
  const inPercent = allInPercent(published, published.published);
  const input = { ...inPercent.shown, published: inPercent.published };
  const { about } = input;
  const metrics = gatherMetrics(input);
  const protocols = protocolsOf(input);
  const further = new Map([...metrics].filter(([, [first]]) => first !== undefined && !hasProtocol(first.about)));
  const ofProtocols = new Map([...metrics].filter(([metric]) => !further.has(metric)));
  const sections = [
    section('results', 'Results', results(input, metrics, protocols)),
    section('compared', 'What is compared', compared(input)),
    section('samples', 'What was learned from', pretrainingSamples(input)),
    section('protocols', 'By protocol', html`${familiesOf(protocols).map((one) => familyBlock(input, metrics, one))}`),
    section('literature', 'Beside the literature', literature(input, metrics)),
    ...(await figureSections(input)),
    section('further', 'What pretext tasks measured', further.size === 0 ? html`` : seedTable(input, further)),
    section('seeds', 'Seeds side by side', seedsOf(input, ofProtocols)),
    section('data', 'Data', dataOf(input)),
    section('reproducibility', 'Reproducibility', input.rows.length === 0 ? html`` : reproducibility(input)),
  ];
  return renderDocument({
    eyebrow: html`Selfsup comparison <code>${input.comparison}</code>`,
    title: about.title,
    summary: about.summary,
    facts: [
      [
        'try it',
        input.explore !== undefined && html`<a href="${input.explore}">choose what is compared, in a page</a>`,
      ],
      ['systems', systems(input)],
      ['seeds', input.seeds.join(', ')],
      ['data', input.datasets.map((dataset) => dataset.name).join(', ')],
      ['computed on', computedOn(input)],
      ['command', about.command !== undefined && html`<code>${about.command}</code>`],
      ['time', about.time],
    ],
    datasets: input.datasets,
    warnings: input.warnings,
    sections,
    generated: input.generated,
  });
}

/** All names, or the groups with their numbers of systems where there are many. */
function systems({ entries, variants }: ComparisonInput): string {
  const groups = groupsOf(entries);
  if (variants.length <= mostSystems || groups.length < 2) return variants.join(', ');
  return `${variants.length}: ${groups.map(({ title, members }) => `${title} (${members.length})`).join(', ')}`;
}

/** The first measure of protocols of one layer on common scales, those of several layers as curves. */
function results(input: ComparisonInput, metrics: Metrics, protocols: readonly Protocol[]): Markup {
  const ofOneLayer = new Map(
    protocols
      .filter(({ layers }) => layers.length === 1)
      .flatMap((one) => one.measures.slice(0, 1).map((measure) => nameIn(one, one.layers[0] as string, measure)))
      .flatMap((metric) => {
        const values = metrics.get(metric);
        return values === undefined ? [] : [[metric, values] as const];
      }),
  );
  return html`${remarkList(input)}${headlines(input, metrics, { among: ofOneLayer, published: input.published })}${layerCurves(input, metrics, protocols)}`;
}

/** With one seed the tables by protocol have every number already. */
function seedsOf(input: ComparisonInput, metrics: Metrics): Markup {
  if (metrics.size === 0 || input.seeds.length < 2) return html``;
  return html`<details>
    <summary>Every metric by seed</summary>
    ${seedTable(input, metrics)}
  </details>`;
}

/** Sheets that stand under samples are not shown again. */
function dataOf(input: ComparisonInput): Markup {
  const learned = pretrainingData(input);
  const blocks = input.datasets.map((one) => ({
    name: one.name,
    body: datasetSection(learned.length > 1 && learned.includes(one.name) ? { ...one, sheet: undefined } : one),
  }));
  if (blocks.length <= mostDatasets) return html`${blocks.map(({ body }) => body)}`;
  return html`${blocks.map(
    ({ name, body }) =>
      html`<details>
        <summary>${name}</summary>
        ${body}
      </details>`,
  )}`;
}

/** Every published number, comparable or not, and where our order is another one. */
function literature(input: ComparisonInput, metrics: Metrics): Markup {
  if (input.published.length === 0) return html``;
  const notes = orderNotes(input.published, metrics).map(
    ({ metric, text, comparable }) =>
      html`<li>
        ${metricTitle(metric, metrics.get(metric)?.[0]?.about)}: ${text}${!comparable && ' The protocols differ.'}
      </li>`,
  );
  const shown = notes.slice(0, mostNotes);
  const rest = notes.slice(mostNotes);
  const order =
    notes.length > 0 &&
    html`<div class="banner">
      <strong>Another order than the published one.</strong>
      <ul>
        ${shown}
      </ul>
      ${
        rest.length > 0 &&
        html`<details>
          <summary>${rest.length} more</summary>
          <ul>
            ${rest}
          </ul>
        </details>`
      }
    </div>`;
  const whole = input.wholeTables ?? [];
  const others = input.published.filter((number) => !isInWholeTable(number, whole));
  // A method that is no entry stands beside none of them.
  const oursOf = ({ metric, variant }: PublishedNumber): MetricValues | undefined => valuesOf(metrics, metric, variant);
  const tables = whole.map((one) => wholeTable(one, input.published, metrics));
  return html`${tables}${order}${publishedTable(others, metrics, oursOf)}`;
}
