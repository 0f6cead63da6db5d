import { z } from 'zod';
import { html, type Markup } from '../../markup/html.ts';
import { blocksByRow } from '../blocks-by-row.ts';
import { type FigureKind, figureMaker, pictureBytes, type Shown } from '../figure-kind.ts';
import { columnsOf, pictureFigure } from '../picture-figure.ts';
import { sideBySide } from '../side-by-side.ts';

const pictureSchema = z.strictObject({
  image: pictureBytes,
  caption: z.string(),
  /** What a reader who does not see the picture needs to know; the caption where absent. */
  alt: z.string().optional(),
  /** Pictures of one group stand together under its name. */
  group: z.string().optional(),
  /** Short facts under the picture; `actual` beside `predicted` is marked as right or wrong. */
  facts: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});
const schema = z.strictObject({
  pictures: z.array(pictureSchema),
  /**
   * Whether the same place of the same group shows the same images whatever encoder was used, so that those of several
   * variants belong side by side.
   */
  beside: z.boolean(),
});
export type Picture = z.infer<typeof pictureSchema>;
export type Pictures = z.infer<typeof schema>;

/** Pictures with captions, in groups. */
export const pictures = figureMaker('pictures', schema);

export default {
  schema,
  section: { title: 'Pictures', place: 20 },
  render(shown, page) {
    const aligned = shown.filter(({ data }) => data.beside);
    if (page.entries !== undefined) return sideBySide(aligned);
    // With one variant there is nothing to stand beside, and further seeds are shown too.
    if (page.variants.length < 2) return grids(shown);
    return html`${sideBySide(aligned)}${grids(shown.filter(({ data }) => !data.beside))}`;
  },
} satisfies FigureKind<Pictures>;

function grids(shown: readonly Shown<Pictures>[]): Markup {
  return blocksByRow(shown, ({ pictures: all }) => pictureGrid(all));
}

/** Pictures with their captions and facts, grouped. */
function pictureGrid(all: readonly Picture[]): Markup {
  const groups = new Map<string, Picture[]>();
  for (const picture of all) {
    const name = picture.group ?? '';
    groups.set(name, [...(groups.get(name) ?? []), picture]);
  }
  return html`${[...groups].map(
    ([name, members]) =>
      html`<div class="picture-group">
        ${name !== '' && html`<h4>${name}</h4>`}
        <div class="pictures">${members.map((picture) => pictureFigure(picture, columnsOf(picture.image)))}</div>
      </div>`,
  )}`;
}
