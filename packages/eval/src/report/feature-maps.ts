import type { Results, ScatterMap } from './input.ts';
import { html, trusted, type Markup } from './markup.ts';
import { pictureUri } from './picture-bytes.ts';
import { scatterSvg } from './scatter-svg.ts';
import { firstSeeds } from './side-by-side.ts';

/**
 * The maps of features that evaluations published, of the first seed of each variant: those of one title side by side, the
 * first open and the others folded.
 */
export function featureMaps({ rows, variants }: Pick<Results, 'rows' | 'variants'>): Markup {
  const titles = new Map<string, { variant: string; map: ScatterMap }[]>();
  for (const variant of variants)
    for (const row of firstSeeds({ rows }).filter((one) => one.variant === variant))
      for (const map of row.outputs?.scatter ?? [])
        titles.set(map.title, [...(titles.get(map.title) ?? []), { variant, map }]);
  return html`${[...titles].map(([title, maps], i) => {
    const charts = html`<div class="charts">${maps.map(({ variant, map }) => figures(variant, map))}</div>`;
    if (i === 0)
      return html`<h3>${title}</h3>
        ${charts}`;
    return html`<details>
      <summary>${title}</summary>
      ${charts}
    </details>`;
  })}`;
}

function figures(variant: string, map: ScatterMap): Markup {
  const picture =
    map.picture !== undefined &&
    html`<div class="sheet">
      <img src="${trusted(pictureUri(map.picture.image))}" alt="${`${variant}: ${map.picture.alt}`}" loading="lazy" />
    </div>`;
  return html`<figure class="chart">
    <figcaption>${variant}</figcaption>
    ${trusted(scatterSvg(map))}${picture}
  </figure>`;
}
