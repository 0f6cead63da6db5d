import { learningCurves } from './curves.ts';
import { configuration, datasetSection, reproducibility, stageList } from './facts.ts';
import type { ReportInput, StageRow } from './input.ts';
import { html, trusted, type Content, type Markup } from './markup.ts';
import { confusionMatrix } from './confusion-matrix.ts';
import { filterSheet, pictureGrid } from './pictures.ts';
import { expectedTable, gatherMetrics, headlines, publishedTable, seedTable } from './results.ts';
import { styles } from './styles.ts';

/**
 * The report of an experiment over all its variants and seeds: one HTML page that loads nothing, runs no
 * script and can be mailed, printed and read on a phone. Every text of the input is escaped.
 * Throws `TypeError` for a picture that is neither PNG bytes nor a `data:image/` address.
 */
export function renderReport(input: ReportInput): string {
  const metrics = gatherMetrics(input);
  const sections = [
    section('results', 'Results', html`${headlines(input, metrics)}${expectedTable(input, metrics)}`, metrics.size > 0),
    section(
      'published',
      'Beside the literature',
      publishedTable(input, metrics),
      (input.about.published ?? []).length > 0,
    ),
    section('protocol', 'What was run', html`${stageList(input)}`, input.rows.length > 0),
    section('seeds', 'Seeds side by side', seedTable(input, metrics), metrics.size > 0),
    section(
      'curves',
      'Learning curves',
      learningCurves(input),
      input.rows.some((row) => row.outputs?.curve !== undefined),
    ),
    section(
      'samples',
      'Samples',
      perRow(input, (row) => row.outputs?.preview && pictureGrid(row.outputs.preview)),
      input.rows.some((row) => (row.outputs?.preview ?? []).length > 0),
    ),
    section(
      'filters',
      'First-layer filters',
      filters(input),
      input.rows.some((row) => row.outputs?.filters !== undefined),
    ),
    section(
      'confusion',
      'Confusion matrices',
      confusions(input),
      input.rows.some((row) => row.outputs?.confusion !== undefined),
    ),
    section('data', 'Data', html`${input.datasets.map(datasetSection)}`, input.datasets.length > 0),
    section('configuration', 'Configuration', configuration(input), input.rows.length > 0),
    section('reproducibility', 'Reproducibility', reproducibility(input), input.rows.length > 0),
  ].filter((one) => one.shown);
  const { about } = input;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${about.title} · Selfsup</title>
        <style>
          ${trusted(styles)}
        </style>
      </head>
      <body>
        <a class="skip" href="#results">Skip to the results</a>
        <header>
          <p class="eyebrow">Selfsup experiment <code>${input.experiment}</code></p>
          <h1>${about.title}</h1>
          ${about.summary !== undefined && html`<p class="summary">${about.summary}</p>`}${headFacts(input)}${banners(input)}
          <nav aria-label="Sections">${sections.map((one) => html`<a href="#${one.id}">${one.title}</a>`)}</nav>
        </header>
        <main>
          ${sections.map(
            (one) =>
              html`<section id="${one.id}">
                <h2>${one.title}</h2>
                ${one.body}
              </section>`,
          )}
        </main>
        <footer>
          <p>
            Made by Selfsup${input.generated !== undefined && ` on ${input.generated}`}. This page is one file and loads
            nothing.
          </p>
        </footer>
      </body>
    </html> `.text;
}

function section(id: string, title: string, body: Markup, shown: boolean) {
  return { id, title, body, shown };
}

function headFacts(input: ReportInput): Markup {
  const facts: [string, Content][] = [
    ['variants', input.variants.join(', ')],
    ['seeds', input.seeds.join(', ')],
    ['data', input.datasets.map((dataset) => dataset.name).join(', ')],
    ['paper', input.about.paper],
    ['command', input.about.command !== undefined && html`<code>${input.about.command}</code>`],
    ['time', input.about.time],
  ];
  const shown = facts.filter(([, value]) => value !== undefined && value !== false && value !== '');
  return html`<dl class="facts head">
    ${shown.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

/** What must be known before any number is believed: a stand-in for the data, files set aside, warnings. */
function banners(input: ReportInput): Markup {
  const fallback = input.datasets
    .filter((dataset) => dataset.fallback)
    .map(
      (dataset) =>
        html`<p class="banner strong">
          <strong>Not the usual data.</strong> Data set ${dataset.name}: ${dataset.chosen}. The numbers below cannot be
          set beside those of the data that was asked for.
        </p>`,
    );
  const aside = input.datasets
    .filter((dataset) => (dataset.quarantine ?? []).length > 0)
    .map(
      (dataset) =>
        html`<p class="banner">
          ${dataset.name}: ${dataset.quarantine?.length} unreadable
          ${dataset.quarantine?.length === 1 ? 'file was' : 'files were'} set aside.
        </p>`,
    );
  const warnings = (input.warnings ?? []).map((text) => html`<p class="banner">${text}</p>`);
  return html`${fallback}${aside}${warnings}`;
}

/** A block per variant and seed; the first of each variant is open, other seeds are folded. */
function perRow(input: ReportInput, draw: (row: StageRow) => Markup | undefined): Markup {
  const seen = new Set<string>();
  const blocks = input.rows.flatMap((row) => {
    const body = draw(row);
    if (body === undefined || body.text === '') return [];
    const id = `${row.stage} ${row.variant}`;
    const title = html`${row.stage} <span class="variant">${row.variant}, seed ${row.seed}</span>`;
    if (seen.has(id))
      return [
        html`<details>
          <summary>${title}</summary>
          ${body}
        </details>`,
      ];
    seen.add(id);
    return [
      html`<h3>${title}</h3>
        ${body}`,
    ];
  });
  return html`${blocks}`;
}

function filters(input: ReportInput): Markup {
  const sheets = input.rows.flatMap((row) =>
    row.outputs?.filters === undefined
      ? []
      : [filterSheet(row.outputs.filters, `${row.variant}, seed ${row.seed}: ${row.outputs.filters.layer}`)],
  );
  return html`<div class="sheets">${sheets}</div>`;
}

function confusions(input: ReportInput): Markup {
  const rows = input.rows.filter((row) => row.outputs?.confusion !== undefined);
  const blocks = rows.map((row, i) => {
    const file = row.outputs?.confusion;
    if (file === undefined) return html``;
    const caption = `${file.title ?? row.stage}, ${row.variant}, seed ${row.seed}`;
    return html`<details ${i === 0 && trusted('open')}>
      <summary>${row.stage} <span class="variant">${row.variant}, seed ${row.seed}</span></summary>
      ${confusionMatrix(file, caption)}
    </details>`;
  });
  return html`${blocks}`;
}
