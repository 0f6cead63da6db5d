import { filterGrid, gridPng } from './filter-grid.ts';
import type { FiltersFile, Picture } from './input.ts';
import { html, trusted, type Markup } from './markup.ts';
import { pictureSize, pictureUri } from './picture-bytes.ts';
import { dataUri } from './png.ts';

/** Sample pictures with their captions and facts, grouped; a prediction is marked as right or wrong. */
export function pictureGrid(pictures: readonly Picture[]): Markup {
  const groups = new Map<string, Picture[]>();
  for (const picture of pictures) {
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

/** A picture with its caption, verdict and facts; `columns` is the class that says how much room it takes. */
export function pictureFigure(picture: Picture, columns: string): Markup {
  const facts = Object.entries(picture.facts ?? {}).filter(([name]) => name !== 'actual' && name !== 'predicted');
  const list = facts.map(([name, value]) => html`<span class="fact">${name} ${value}</span>`);
  return html`<figure class="${columns}">
    <img src="${address(picture.image)}" alt="${picture.alt ?? picture.caption}" loading="lazy" />
    <figcaption>${picture.caption} ${verdict(picture.facts)} ${list}</figcaption>
  </figure>`;
}

/** A picture of several panels side by side takes the room of several: `wide` for two, `widest` for three and more. */
export function columnsOf(image: Picture['image']): string {
  if (typeof image === 'string') return '';
  const { width, height } = pictureSize(image);
  return width >= 2.5 * height ? 'widest' : width >= 1.5 * height ? 'wide' : '';
}

function verdict(facts: Picture['facts']): Markup {
  if (facts?.actual === undefined || facts.predicted === undefined) return html``;
  const right = String(facts.actual) === String(facts.predicted);
  return html`<span class="verdict ${right ? 'right' : 'wrong'}"
    ><span aria-hidden="true">${right ? '✓' : '✗'}</span>
    ${facts.predicted}${!right && html`, truly ${facts.actual}`}</span
  >`;
}

/** Only bytes and data addresses are shown: a report loads nothing from anywhere. */
function address(image: Picture['image']): Markup {
  if (typeof image !== 'string') return trusted(pictureUri(image));
  if (/^data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/=]+$/.test(image)) return trusted(image);
  throw new TypeError('A picture of a report is PNG or WebP bytes or a data:image address, never a path or a link.');
}

/** The kernels of the first layer side by side, one picture; each kernel fills its own range of grey or colour. */
export function filterSheet(file: FiltersFile, caption: string): Markup {
  const [count, height, width, channels] = file.shape;
  if (channels !== 1 && channels !== 3) return html``;
  const grid = filterGrid(file);
  const alt = `${count} kernels of ${file.layer}, ${height} × ${width} pixels each`;
  return html`<figure class="pixels">
    <figcaption>${caption}</figcaption>
    <img src="${trusted(dataUri(gridPng(grid)))}" alt="${alt}" width="${grid.width * 4}" />
  </figure>`;
}
