import { pictureSize, pictureUri } from '../images/picture-bytes.ts';
import { html, trusted, type Markup } from '../markup/html.ts';
import type { Picture } from './picture.ts';

/** A picture with its caption, verdict and facts; `columns` is the class that says how much room it takes. */
export function pictureFigure(picture: Picture, columns: string): Markup {
  const facts = Object.entries(picture.facts ?? {}).filter(([name]) => name !== 'actual' && name !== 'predicted');
  const list = facts.map(([name, value]) => html`<span class="fact">${name} ${value}</span>`);
  return html`<figure class="${columns}">
    <img src="${trusted(pictureUri(picture.image))}" alt="${picture.alt ?? picture.caption}" loading="lazy" />
    <figcaption>${picture.caption} ${verdict(picture.facts)} ${list}</figcaption>
  </figure>`;
}

/** A picture of several panels side by side takes the room of several: `wide` for two, `widest` for three and more. */
export function columnsOf(image: Uint8Array): string {
  const { width, height } = pictureSize(image);
  return width >= 2.5 * height ? 'widest' : width >= 1.5 * height ? 'wide' : '';
}

function verdict(facts: Picture['facts']): Markup {
  if (facts?.['actual'] === undefined || facts['predicted'] === undefined) return html``;
  const right = String(facts['actual']) === String(facts['predicted']);
  return html`<span class="verdict ${right ? 'right' : 'wrong'}"
    ><span aria-hidden="true">${right ? '✓' : '✗'}</span>
    ${facts['predicted']}${!right && html`, truly ${facts['actual']}`}</span
  >`;
}
