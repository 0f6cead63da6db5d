import { layerCurves } from './charts/layer-curves.ts';
import { figureSections } from './figures/figure-sections.ts';
import type { ReportInput } from './input.ts';
import { renderDocument, section } from './markup/document.ts';
import { html } from './markup/html.ts';
import { allInPercent } from './metrics/beside-published.ts';
import { gatherMetrics } from './metrics/gather.ts';
import { protocolsOf } from './metrics/protocols.ts';
import { expectedTable } from './tables/expected-table.ts';
import { computedOn, configuration, datasetSection, reproducibility, stageList } from './tables/facts.ts';
import { headlines } from './tables/headlines.ts';
import { publishedTable } from './tables/published-table.ts';
import { remarkList } from './tables/remarks.ts';
import { seedTable } from './tables/seed-table.ts';

/**
 * The report of an experiment over all its variants and seeds: one HTML page that loads nothing, runs no
 * script and can be mailed, printed and read on a phone. Every text of the input is escaped.
 * Throws `TypeError` for a picture that is neither PNG nor WebP, and `UserError` for a figure of a kind that does not exist.
 */
export async function renderReport(input: ReportInput): Promise<string> {
  const { about } = input;
  const { shown, published, expected } = allInPercent(input, about.published ?? [], about.expected);
  const metrics = gatherMetrics(shown);
  const overLayers = layerCurves({ ...shown, published }, metrics, protocolsOf(shown));
  const sections = [
    section(
      'results',
      'Results',
      html`${remarkList(input)}${headlines(input, metrics, { published, expected })}${expectedTable(expected, metrics)}`,
      metrics.size > 0,
    ),
    section('published', 'Beside the literature', publishedTable(published, metrics), published.length > 0),
    section('protocol', 'What was run', html`${stageList(input)}`, input.rows.length > 0),
    section('seeds', 'Seeds side by side', seedTable(input, metrics), metrics.size > 0),
    section('layers', 'Over the layers', overLayers),
    ...(await figureSections(input)),
    section('data', 'Data', html`${input.datasets.map(datasetSection)}`, input.datasets.length > 0),
    section('configuration', 'Configuration', configuration(input), input.rows.length > 0),
    section('reproducibility', 'Reproducibility', reproducibility(input), input.rows.length > 0),
  ];
  return renderDocument({
    eyebrow: html`Selfsup experiment <code>${input.experiment}</code>`,
    title: about.title,
    summary: about.summary,
    facts: [
      ['try it', input.explore !== undefined && html`<a href="${input.explore}">its networks, in a page</a>`],
      ['variants', input.variants.join(', ')],
      ['seeds', input.seeds.join(', ')],
      ['data', input.datasets.map((dataset) => dataset.name).join(', ')],
      ['computed on', computedOn(input)],
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
