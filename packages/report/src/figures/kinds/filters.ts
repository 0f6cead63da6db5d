import { z } from 'zod';
import { groupsOf } from '../../charts/panels.ts';
import { filterGrid, gridPng } from '../../images/filter-grid.ts';
import { pictureUri } from '../../images/picture-bytes.ts';
import { html, trusted, type Markup } from '../../markup/html.ts';
import { figureMaker, ofFirstSeeds, type FigureKind, type FigurePage, type Shown } from '../figure-kind.ts';

const schema = z.strictObject({
  layer: z.string(),
  /** `[count, height, width, channels]`, channels 1 (grey) or 3 (RGB). */
  shape: z.tuple([z.int(), z.int(), z.int(), z.union([z.literal(1), z.literal(3)])]),
  /** The pixels 0..255 in that order, base64. */
  pixels: z.base64(),
});
export type Filters = z.infer<typeof schema>;

/** The kernels of a first layer as pixels. */
export const filters = figureMaker('filters', schema);

export default {
  schema,
  section: { title: 'First-layer filters', place: 40 },
  render: (shown, page) => (page.entries === undefined ? allSheets(shown) : sheetsByGroup(shown, page.entries)),
} satisfies FigureKind<Filters>;

/** A sheet for each stage that published one. */
function allSheets(shown: readonly Shown<Filters>[]): Markup {
  const sheets = shown.map(({ row, data }) => filterSheet(data, `${row.variant}, seed ${row.seed}: ${data.layer}`));
  return html`<div class="sheets">${once(sheets)}</div>`;
}

/** Those of the first seed of each entry, small beside each other, by group where there are groups. */
function sheetsByGroup(shown: readonly Shown<Filters>[], entries: NonNullable<FigurePage['entries']>): Markup {
  const first = ofFirstSeeds(shown);
  return html`${groupsOf(entries).map(({ title, members }) => {
    const own = members.flatMap(({ label }) => first.filter(({ row }) => row.variant === label));
    if (own.length === 0) return html``;
    const sheets = own.map(({ row, data }) => filterSheet(data, row.variant));
    return html`${title !== '' && html`<h3>${title}</h3>`}
      <div class="small-sheets"><div class="sheets">${once(sheets)}</div></div>`;
  })}`;
}

/** The same kernels, which several stages of a run may have published, stand there once. */
function once(sheets: readonly Markup[]): Markup[] {
  return [...new Map(sheets.map((sheet) => [sheet.text, sheet])).values()];
}

/** The kernels side by side, one picture; each kernel fills its own range of grey or colour. */
function filterSheet(data: Filters, caption: string): Markup {
  const [count, height, width] = data.shape;
  const grid = filterGrid(data);
  const alt = `${count} kernels of ${data.layer}, ${height} × ${width} pixels each`;
  return html`<figure class="pixels">
    <figcaption>${caption}</figcaption>
    <img src="${trusted(pictureUri(gridPng(grid)))}" alt="${alt}" width="${grid.width * 4}" />
  </figure>`;
}
