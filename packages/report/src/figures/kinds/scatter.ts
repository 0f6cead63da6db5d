import { z } from 'zod';
import { scatterSvg } from '../../charts/scatter-svg.ts';
import { pictureUri } from '../../images/picture-bytes.ts';
import { html, trusted, type Markup } from '../../markup/html.ts';
import { figureMaker, ofFirstSeeds, pictureBytes, type FigureKind, type Shown } from '../figure-kind.ts';

const schema = z
  .strictObject({
    /** What was mapped and how; maps of one title stand side by side. */
    title: z.string(),
    xLabel: z.string(),
    yLabel: z.string(),
    /** The coloured classes, with their numbers of points. */
    classes: z.array(z.strictObject({ name: z.string(), count: z.int() })),
    /** Places in [0, 1], `y` upwards. */
    x: z.array(z.number()),
    y: z.array(z.number()),
    /** Index of each point's class in `classes`, -1 for others. */
    label: z.array(z.int()),
    /** The images themselves at their places. */
    picture: z.strictObject({ image: pictureBytes, alt: z.string() }).optional(),
  })
  .refine(({ x, y, label }) => x.length === y.length && x.length === label.length, 'x, y and label differ in length');
export type Scatter = z.infer<typeof schema>;

/** A map of points in two dimensions, coloured by class. */
export const scatter = figureMaker('scatter', schema);

export default {
  schema,
  section: { title: 'Maps of the features', place: 30 },
  render(shown, { variants }) {
    const first = ofFirstSeeds(shown);
    const titles = new Map<string, Shown<Scatter>[]>();
    for (const variant of variants)
      for (const one of first.filter(({ row }) => row.variant === variant))
        titles.set(one.data.title, [...(titles.get(one.data.title) ?? []), one]);
    return html`${[...titles].map(([title, maps], i) => mapsOfTitle(title, maps, i === 0))}`;
  },
} satisfies FigureKind<Scatter>;

/** The maps of one title side by side; folded unless it is the first. */
function mapsOfTitle(title: string, maps: readonly Shown<Scatter>[], open: boolean): Markup {
  const charts = html`<div class="charts">${maps.map(chartOf)}</div>`;
  if (open)
    return html`<h3>${title}</h3>
      ${charts}`;
  return html`<details>
    <summary>${title}</summary>
    ${charts}
  </details>`;
}

function chartOf({ row: { variant }, data }: Shown<Scatter>): Markup {
  const picture =
    data.picture !== undefined &&
    html`<div class="sheet">
      <img src="${trusted(pictureUri(data.picture.image))}" alt="${`${variant}: ${data.picture.alt}`}" loading="lazy" />
    </div>`;
  return html`<figure class="chart">
    <figcaption>${variant}</figcaption>
    ${trusted(scatterSvg(data))}${picture}
  </figure>`;
}
