import type { ComparisonInput, ComparedRow } from './comparison-input.ts';
import type { Picture } from './input.ts';
import { html, type Markup } from './markup.ts';
import { columnsOf, pictureFigure } from './pictures.ts';

/**
 * The pictures that evaluations published, of the first seed of each entry: those of the same evaluation, group and caption
 * stand side by side.
 */
export function sideBySide(input: ComparisonInput): Markup {
  const stages = new Map<string, ComparedRow[]>();
  for (const row of firstSeeds(input)) {
    if (!row.uses.startsWith('eval/') || (row.outputs?.preview ?? []).length === 0) continue;
    stages.set(row.stage, [...(stages.get(row.stage) ?? []), row]);
  }
  return html`${[...stages].map(
    ([stage, rows]) =>
      html`<h3>${stage} <span class="uses">${[...new Set(rows.map(({ uses }) => uses))].join(', ')}</span></h3>
        ${groupsOf(rows).map(groupBlock)}`,
  )}`;
}

/** The rows of the first seed of each entry. */
export function firstSeeds(input: ComparisonInput): ComparedRow[] {
  return input.rows.filter((row) => row.seed === input.rows.find(({ variant }) => variant === row.variant)?.seed);
}

interface Shown {
  readonly label: string;
  readonly picture: Picture;
}

interface Group {
  readonly name: string;
  /** Caption to the pictures that have it, in the order of the entries. */
  readonly captions: Map<string, Shown[]>;
}

function groupsOf(rows: readonly ComparedRow[]): Group[] {
  const groups = new Map<string, Group>();
  for (const row of rows)
    for (const picture of row.outputs?.preview ?? []) {
      const name = picture.group ?? '';
      const group = groups.get(name) ?? { name, captions: new Map<string, Shown[]>() };
      groups.set(name, group);
      const shown = group.captions.get(picture.caption) ?? [];
      group.captions.set(picture.caption, [...shown, { label: row.variant, picture }]);
    }
  return [...groups.values()];
}

function groupBlock({ name, captions }: Group): Markup {
  const blocks = [...captions].map(([caption, shown]) => {
    const column = shown.map(({ picture }) => columnsOf(picture.image)).sort((a, b) => b.length - a.length)[0];
    const figures = shown.map(({ label, picture }) =>
      pictureFigure({ ...picture, caption: label, alt: `${label}: ${picture.alt ?? caption}` }, ''),
    );
    return html`<div class="beside">
      <p>${caption}</p>
      <div class="pictures ${column}">${figures}</div>
    </div>`;
  });
  return html`<div class="picture-group">
    ${name !== '' && html`<h4>${name}</h4>`}
    <div class="besides">${blocks}</div>
  </div>`;
}
