import { learningCurves } from './curves.ts';
import { renderDocument } from './document.ts';
import { featureMaps } from './feature-maps.ts';
import { configuration, datasetSection, reproducibility, stageList } from './facts.ts';
import type { ReportInput } from './input.ts';
import { layerCurves } from './layer-curves.ts';
import { html, type Markup } from './markup.ts';
import { pictureGrid } from './pictures.ts';
import { protocolsOf } from './protocols.ts';
import { expectedTable, gatherMetrics, headlines, publishedTable, seedTable } from './results.ts';
import { isEvaluated, sideBySide } from './side-by-side.ts';
import { confusionMatrices, filterSheets, perRow } from './stage-blocks.ts';

/**
 * The report of an experiment over all its variants and seeds: one HTML page that loads nothing, runs no
 * script and can be mailed, printed and read on a phone. Every text of the input is escaped.
 * Throws `TypeError` for a picture that is neither PNG bytes nor a `data:image/` address.
 */
export function renderReport(input: ReportInput): string {
  const { about } = input;
  const metrics = gatherMetrics(input);
  const expected = about.expected ?? [];
  const published = about.published ?? [];
  const overLayers = layerCurves({ ...input, published }, metrics, protocolsOf(input));
  // With one variant there is nothing to stand beside, and further seeds are shown too.
  const beside = input.variants.length > 1 ? sideBySide(input) : html``;
  const sections = [
    section(
      'results',
      'Results',
      html`${headlines(input, metrics, expected)}${expectedTable(expected, metrics)}`,
      metrics.size > 0,
    ),
    section('published', 'Beside the literature', publishedTable(published, metrics), published.length > 0),
    section('protocol', 'What was run', html`${stageList(input)}`, input.rows.length > 0),
    section('seeds', 'Seeds side by side', seedTable(input, metrics), metrics.size > 0),
    section('layers', 'Over the layers', overLayers, overLayers.text !== ''),
    section(
      'curves',
      'Learning curves',
      learningCurves(input),
      input.rows.some((row) => row.outputs?.curve !== undefined),
    ),
    section(
      'samples',
      'Samples',
      html`${beside}${perRow(input, (row) => (isEvaluated(row) && beside.text !== '' ? undefined : row.outputs?.preview && pictureGrid(row.outputs.preview)))}`,
      input.rows.some((row) => (row.outputs?.preview ?? []).length > 0),
    ),
    section(
      'maps',
      'Maps of the features',
      featureMaps(input),
      input.rows.some((row) => row.outputs?.scatter !== undefined),
    ),
    section(
      'filters',
      'First-layer filters',
      filterSheets(input),
      input.rows.some((row) => row.outputs?.filters !== undefined),
    ),
    section(
      'confusion',
      'Confusion matrices',
      confusionMatrices(input),
      input.rows.some((row) => row.outputs?.confusion !== undefined),
    ),
    section('data', 'Data', html`${input.datasets.map(datasetSection)}`, input.datasets.length > 0),
    section('configuration', 'Configuration', configuration(input), input.rows.length > 0),
    section('reproducibility', 'Reproducibility', reproducibility(input), input.rows.length > 0),
  ];
  return renderDocument({
    eyebrow: html`Selfsup experiment <code>${input.experiment}</code>`,
    title: about.title,
    summary: about.summary,
    facts: [
      ['variants', input.variants.join(', ')],
      ['seeds', input.seeds.join(', ')],
      ['data', input.datasets.map((dataset) => dataset.name).join(', ')],
      ['paper', about.paper],
      ['command', about.command !== undefined && html`<code>${about.command}</code>`],
      ['time', about.time],
    ],
    datasets: input.datasets,
    warnings: input.warnings,
    sections,
    generated: input.generated,
  });
}

function section(id: string, title: string, body: Markup, shown: boolean) {
  return { id, title, body, shown };
}
