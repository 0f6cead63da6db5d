import { confusionMatrix } from './confusion-matrix.ts';
import type { Results, StageRow } from './input.ts';
import { html, trusted, type Markup } from './markup.ts';
import { filterSheet } from './pictures.ts';

/** A block per variant and seed; the first of each variant is open, other seeds are folded. */
export function perRow(input: Results, draw: (row: StageRow) => Markup | undefined): Markup {
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

/** The kernels of first layers, a sheet for each stage that published them; the same kernels of a run stand there once. */
export function filterSheets(input: Results): Markup {
  const sheets = new Map<string, Markup>();
  for (const { variant, seed, outputs } of input.rows) {
    const file = outputs?.filters;
    if (file === undefined) continue;
    const sheet = filterSheet(file, `${variant}, seed ${seed}: ${file.layer}`);
    sheets.set(sheet.text, sheet);
  }
  return html`<div class="sheets">${[...sheets.values()]}</div>`;
}

/** A matrix for each stage that published one; the first is open. */
export function confusionMatrices(input: Results): Markup {
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
