import { html, type Markup } from '../markup/html.ts';
import { ofFirstSeeds, type Shown } from './figure-kind.ts';
import { columnsOf, pictureFigure } from './picture-figure.ts';
import type { Picture, Pictures } from './picture.ts';

/**
 * The pictures of the first seed of each variant: those at the same place of the same group of the same stage stand side by
 * side. Of each stage the first group is open, the others are folded.
 */
export function sideBySide(shown: readonly Shown<Pictures>[]): Markup {
  const stages = new Map<string, Shown<Pictures>[]>();
  for (const one of ofFirstSeeds(shown)) stages.set(one.row.stage, [...(stages.get(one.row.stage) ?? []), one]);
  return html`${[...stages].map(
    ([stage, all]) =>
      html`<h3>${stage} <span class="uses">${[...new Set(all.map(({ row }) => row.uses))].join(', ')}</span></h3>
        ${groupsOf(all).map((group, i) => (i === 0 ? groupBlock(group) : folded(group)))}`,
  )}`;
}

interface Labelled {
  readonly label: string;
  readonly picture: Picture;
}

interface Group {
  readonly name: string;
  /** The first picture of every variant, the second of every variant, and so on. */
  readonly places: Labelled[][];
}

function groupsOf(shown: readonly Shown<Pictures>[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { row, data } of shown) {
    const taken = new Map<string, number>();
    for (const picture of data.pictures) {
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
function placeBlock(shown: readonly Labelled[]): Markup {
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
