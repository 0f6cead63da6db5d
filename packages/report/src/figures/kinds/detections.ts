import { z } from 'zod';
import { pictureUri } from '../../images/picture-bytes.ts';
import { html, trusted, type Markup } from '../../markup/html.ts';
import { blocksByRow } from '../blocks-by-row.ts';
import { figureMaker, pictureBytes, type FigureKind } from '../figure-kind.ts';

const verdicts = ['true', 'false', 'missed', 'difficult'] as const;

const schema = z.strictObject({
  /** What the boxes are, such as the least score of those that are shown. */
  title: z.string(),
  pictures: z.array(
    z.strictObject({
      image: pictureBytes,
      /** Pixels in which the boxes are given; those of the picture itself may be fewer. */
      width: z.number().positive(),
      height: z.number().positive(),
      caption: z.string(),
      boxes: z.array(
        z.strictObject({
          /** Edges on pixel borders. */
          left: z.number(),
          top: z.number(),
          right: z.number(),
          bottom: z.number(),
          /** The class. */
          name: z.string(),
          /** Of what was found. */
          score: z.number().optional(),
          /** Found and there, found and not there (or once more), there and not found, there or found and not counted. */
          verdict: z.enum(verdicts),
        }),
      ),
    }),
  ),
});
export type Detections = z.infer<typeof schema>;
type Shown = Detections['pictures'][number];

/** Pictures with boxes drawn on them: what was found, rightly or wrongly, and what was missed. */
export const detections = figureMaker('detections', schema);

const words: Readonly<Record<(typeof verdicts)[number], string>> = {
  true: 'found',
  false: 'found, but not there',
  missed: 'missed',
  difficult: 'difficult, not counted',
};

export default {
  schema,
  section: { title: 'Objects found', place: 22 },
  render: (shown) =>
    blocksByRow(
      shown,
      ({ title, pictures }) =>
        html`<p>${title}</p>
          <ul class="legend">
            ${verdicts.map((verdict) => html`<li>${trusted(sample(verdict))}${words[verdict]}</li>`)}
          </ul>
          <div class="samples">${pictures.map(pictureWithBoxes)}</div>`,
    ),
} satisfies FigureKind<Detections>;

const sample = (verdict: string): string =>
  `<svg class="swatch" viewBox="0 0 24 8" aria-hidden="true"><rect class="box ${verdict}" x="1" y="1" width="22" height="6"/></svg>`;

/** Width of a letter, in heights of the text. */
const GLYPH = 0.65;

function pictureWithBoxes({ image, width, height, caption, boxes }: Shown): Markup {
  const text = Math.max(8, Math.round(Math.max(width, height) / 26));
  const drawn = boxes.map(({ left, top, right, bottom, name, score, verdict }) => {
    const label = score === undefined ? name : `${name} ${score.toFixed(2)}`;
    const n = (value: number): string => value.toFixed(1);
    const at = `x="${n(left)}" y="${n(top)}" width="${n(right - left)}" height="${n(bottom - top)}"`;
    // Names of what was found stand at the top of a box, others at the bottom, and all within the picture.
    const y = score === undefined ? Math.min(height, bottom) - text / 3 : Math.max(0, top) + text;
    const fits = left + text * (0.25 + GLYPH * label.length) <= width;
    const place = fits ? `x="${n(left + text / 4)}"` : `x="${n(Math.min(width, right) - text / 4)}" text-anchor="end"`;
    return html`<g class="${verdict}">
      ${trusted(`<rect class="halo" ${at}/><rect class="box ${verdict}" ${at}/><text ${place} y="${n(y)}" font-size="${text}">`)}${label}${trusted(`</text><title>`)}${label}:
      ${words[verdict]}${trusted('</title>')}
    </g>`;
  });
  const count = (verdict: string): number => boxes.filter((box) => box.verdict === verdict).length;
  const alt = `${caption}: ${count('true')} found, ${count('false')} found that are not there, ${count('missed')} missed`;
  return html`<figure class="sample">
    <div class="boxed">
      <img src="${trusted(pictureUri(image))}" alt="${alt}" loading="lazy" />
      ${trusted(`<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true">`)}${drawn}${trusted('</svg>')}
    </div>
    <figcaption>${caption}</figcaption>
  </figure>`;
}
