import { z } from 'zod';
import { pictureUri } from '../../images/picture-bytes.ts';
import { html, trusted, type Markup } from '../../markup/html.ts';
import { blocksByRow } from '../blocks-by-row.ts';
import { figureMaker, pictureBytes, type FigureKind } from '../figure-kind.ts';

const byte = z.int().min(0).max(255);

const schema = z.strictObject({
  /** What the colours in the masks stand for. */
  legend: z.array(z.strictObject({ name: z.string(), colour: z.tuple([byte, byte, byte]) })),
  pictures: z.array(
    z.strictObject({
      image: pictureBytes,
      /** The mask that is right, and that of the network, in the colours of the legend. */
      truth: pictureBytes,
      answer: pictureBytes,
      caption: z.string(),
    }),
  ),
});
export type Masks = z.infer<typeof schema>;

/** Pictures with the mask that is right and the one that was answered beside them. */
export const masks = figureMaker('masks', schema);

export default {
  schema,
  section: { title: 'Segmented pictures', place: 24 },
  render: (shown) =>
    blocksByRow(
      shown,
      ({ legend, pictures }) =>
        html`<ul class="legend">
            ${legend.map(({ name, colour }) => html`<li>${trusted(sample(colour))}${name}</li>`)}
          </ul>
          <div class="triples">${pictures.map(triple)}</div>`,
    ),
} satisfies FigureKind<Masks>;

const sample = (colour: readonly number[]): string =>
  `<svg class="swatch" viewBox="0 0 24 8" aria-hidden="true"><rect class="ink" width="24" height="8" fill="rgb(${colour.join(',')})"/></svg>`;

function triple({ image, truth, answer, caption }: Masks['pictures'][number]): Markup {
  const parts = [
    [image, 'picture'],
    [truth, 'truth'],
    [answer, 'answer'],
  ] as const;
  return html`<figure class="triple">
    <div class="thirds">
      ${parts.map(
        ([bytes, what]) =>
          html`<div>
            <img src="${trusted(pictureUri(bytes))}" alt="${`${caption}: ${what}`}" loading="lazy" />
            <span class="note">${what}</span>
          </div>`,
      )}
    </div>
    <figcaption>${caption}</figcaption>
  </figure>`;
}
