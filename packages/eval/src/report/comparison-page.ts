import type { ComparisonInput } from './comparison-input.ts';
import { compared } from './compared.ts';
import { renderDocument } from './document.ts';
import { datasetSection, reproducibility } from './facts.ts';
import type { PublishedNumber } from './input.ts';
import { featureMaps } from './feature-maps.ts';
import { html, type Markup } from './markup.ts';
import { layerCurves } from './layer-curves.ts';
import { orderNotes } from './order-notes.ts';
import { metricOf, protocolParts, protocolsOf, type Protocol } from './protocols.ts';
import { protocolBlock } from './protocol-tables.ts';
import {
  gatherMetrics,
  headlines,
  metricTitle,
  publishedTable,
  seedTable,
  valuesOf,
  type MetricValues,
} from './results.ts';
import { firstSeeds, sideBySide } from './side-by-side.ts';
import { confusionMatrices, filterSheets } from './stage-blocks.ts';

/**
 * The report of a comparison: one table per protocol over all its entries, curves over layers, published numbers beside
 * ours where the protocol is the same, pictures side by side. One HTML page as `renderReport` gives it.
 * Throws `TypeError` for a picture that is neither PNG bytes nor a `data:image/` address.
 */
export function renderComparison(input: ComparisonInput): string {
  const { about } = input;
  const metrics = gatherMetrics(input);
  const protocols = protocolsOf(input);
  const further = new Map([...metrics].filter(([metric]) => protocolParts(metric) === undefined));
  const ofProtocols = new Map([...metrics].filter(([metric]) => protocolParts(metric) !== undefined));
  const first = { ...input, rows: firstSeeds(input) };
  const sections = [
    section('results', 'Results', results(input, metrics, protocols)),
    section('compared', 'What is compared', compared(input)),
    section('protocols', 'By protocol', html`${protocols.map((one) => protocolBlock(input, metrics, one))}`),
    section('literature', 'Beside the literature', literature(input, metrics)),
    section('pictures', 'Pictures side by side', sideBySide(input)),
    section('maps', 'Maps of the features', featureMaps(first)),
    section('filters', 'First-layer filters', sheetsOf(first)),
    section('confusion', 'Confusion matrices', confusionMatrices(first)),
    section('further', 'What pretext tasks measured', further.size === 0 ? html`` : seedTable(input, further)),
    section('seeds', 'Seeds side by side', ofProtocols.size === 0 ? html`` : seedTable(input, ofProtocols)),
    section('data', 'Data', html`${input.datasets.map(datasetSection)}`),
    section('reproducibility', 'Reproducibility', input.rows.length === 0 ? html`` : reproducibility(input)),
  ];
  return renderDocument({
    eyebrow: html`Selfsup comparison <code>${input.comparison}</code>`,
    title: about.title,
    summary: about.summary,
    facts: [
      ['systems', input.variants.join(', ')],
      ['seeds', input.seeds.join(', ')],
      ['data', input.datasets.map((dataset) => dataset.name).join(', ')],
      ['command', about.command !== undefined && html`<code>${about.command}</code>`],
      ['time', about.time],
    ],
    datasets: input.datasets,
    warnings: input.warnings,
    sections,
    generated: input.generated,
  });
}

function section(id: string, title: string, body: Markup) {
  return { id, title, body, shown: body.text.trim() !== '' };
}

/** Protocols of one layer on common scales, those of several as curves. */
function results(
  input: ComparisonInput,
  metrics: ReadonlyMap<string, MetricValues[]>,
  protocols: readonly Protocol[],
): Markup {
  const ofOneLayer = new Map(
    protocols
      .filter(({ layers }) => layers.length === 1)
      .flatMap((one) => one.measures.map((measure) => metricOf(one, one.layers[0] as string, measure)))
      .flatMap((metric) => {
        const values = metrics.get(metric);
        return values === undefined ? [] : [[metric, values] as const];
      }),
  );
  return html`${headlines(input, ofOneLayer)}${layerCurves(input, metrics, protocols)}`;
}

/** Every published number, comparable or not, and where our order is another one. */
function literature(input: ComparisonInput, metrics: ReadonlyMap<string, MetricValues[]>): Markup {
  if (input.published.length === 0) return html``;
  const notes = orderNotes(input.published, metrics).map(
    ({ metric, text, comparable }) =>
      html`<li>${metricTitle(metric)}: ${text}${!comparable && ' The protocols differ.'}</li>`,
  );
  const order =
    notes.length > 0 &&
    html`<div class="banner">
      <strong>Another order than the published one.</strong>
      <ul>
        ${notes}
      </ul>
    </div>`;
  // A method that is no entry stands beside none of them.
  const oursOf = ({ metric, variant }: PublishedNumber): MetricValues | undefined => valuesOf(metrics, metric, variant);
  return html`${order}${publishedTable(input.published, metrics, oursOf)}`;
}

function sheetsOf(first: ComparisonInput): Markup {
  return first.rows.some((row) => row.outputs?.filters !== undefined) ? filterSheets(first) : html``;
}
