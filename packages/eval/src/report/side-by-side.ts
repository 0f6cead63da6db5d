import type { Picture, Results, StageRow } from './input.ts';
import { html, type Markup } from './markup.ts';
import { columnsOf, pictureFigure } from './pictures.ts';

/**
 * The pictures that evaluations published, of the first seed of each entry: those at the same place of the same group of the
 * same evaluation stand side by side. Of each evaluation the first group is open, the others are folded.
 */
export function sideBySide(input: Results): Markup {
  const stages = new Map<string, StageRow[]>();
  for (const row of firstSeeds(input)) {
    if (!isEvaluated(row)) continue;
    stages.set(row.stage, [...(stages.get(row.stage) ?? []), row]);
  }
  return html`${[...stages].map(
    ([stage, rows]) =>
      html`<h3>${stage} <span class="uses">${[...new Set(rows.map(({ uses }) => uses))].join(', ')}</span></h3>
        ${groupsOf(rows).map((group, i) => (i === 0 ? groupBlock(group) : folded(group)))}`,
  )}`;
}

/** Whether a stage is an evaluation that published pictures. */
export function isEvaluated({ uses, outputs }: StageRow): boolean {
  return uses.startsWith('eval/') && (outputs?.preview ?? []).length > 0;
}

/** The rows of the first seed of each entry. */
export function firstSeeds<Row extends StageRow>({ rows }: { readonly rows: readonly Row[] }): Row[] {
  return rows.filter((row) => row.seed === rows.find(({ variant }) => variant === row.variant)?.seed);
}

interface Shown {
  readonly label: string;
  readonly picture: Picture;
}

interface Group {
  readonly name: string;
  /** The first picture of every entry, the second of every entry, and so on. */
  readonly places: Shown[][];
}

function groupsOf(rows: readonly StageRow[]): Group[] {
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const taken = new Map<string, number>();
    for (const picture of row.outputs?.preview ?? []) {
      const name = picture.group ?? '';
      const group = groups.get(name) ?? { name, places: [] };
      groups.set(name, group);
      const place = taken.get(name) ?? 0;
      taken.set(name, place + 1);
      (group.places[place] ??= []).push({ label: row.variant, picture });
    }
  }
  return [...groups.values()];
}

function groupBlock({ name, places }: Group): Markup {
  return html`<div class="picture-group">
    ${name !== '' && html`<h4>${name}</h4>`}
    <div class="besides">${places.map(placeBlock)}</div>
  </div>`;
}

function folded(group: Group): Markup {
  return html`<details>
    <summary>${group.name}</summary>
    ${groupBlock({ ...group, name: '' })}
  </details>`;
}

/** A caption that all share stands above them, else each has its own. */
function placeBlock(shown: readonly Shown[]): Markup {
  const captions = new Set(shown.map(({ picture }) => picture.caption));
  const [common] = captions.size === 1 ? [...captions] : [];
  const column = shown.map(({ picture }) => columnsOf(picture.image)).sort((a, b) => b.length - a.length)[0];
  const figures = shown.map(({ label, picture }) =>
    pictureFigure(
      {
        ...picture,
        caption: common === undefined ? `${label}: ${picture.caption}` : label,
        alt: `${label}: ${picture.alt ?? picture.caption}`,
      },
      '',
    ),
  );
  return html`<div class="beside">
    ${common !== undefined && html`<p>${common}</p>`}
    <div class="pictures ${column}">${figures}</div>
  </div>`;
}
