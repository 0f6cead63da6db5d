import type { ComparisonInput } from './comparison-input.ts';
import type { StageRow } from './input.ts';
import { html, type Markup } from './markup.ts';
import { groupsOf } from './panels.ts';
import { filterSheet } from './pictures.ts';
import { firstSeeds } from './side-by-side.ts';

/** The first-layer filters of the first seed of each entry, small beside each other, by group where there are groups. */
export function filterGroups(input: ComparisonInput): Markup {
  const first = firstSeeds(input).filter(({ outputs }) => outputs?.filters !== undefined);
  return html`${groupsOf(input.entries).map(({ title, members }) => {
    const rows = members.flatMap(({ label }) => first.filter(({ variant }) => variant === label));
    if (rows.length === 0) return html``;
    return html`${title !== '' && html`<h3>${title}</h3>`}
      <div class="small-sheets"><div class="sheets">${sheetsOf(rows)}</div></div>`;
  })}`;
}

/** The same kernels of an entry, which several of its stages may have published, stand there once. */
function sheetsOf(rows: readonly StageRow[]): Markup[] {
  const sheets = rows.flatMap(({ variant, outputs }) =>
    outputs?.filters === undefined ? [] : [filterSheet(outputs.filters, variant)],
  );
  return [...new Map(sheets.map((sheet) => [sheet.text, sheet])).values()];
}
