import { html, type Markup } from '../../markup/html.ts';
import { blocksByRow } from '../blocks-by-row.ts';
import { figureMaker, type FigureKind, type Shown } from '../figure-kind.ts';
import { columnsOf, pictureFigure } from '../picture-figure.ts';
import { picturesSchema, type Picture, type Pictures } from '../picture.ts';
import { sideBySide } from '../side-by-side.ts';

export type { Picture, Pictures };

/** Pictures with captions, in groups. */
export const pictures = figureMaker('pictures', picturesSchema);

export default {
  schema: picturesSchema,
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
