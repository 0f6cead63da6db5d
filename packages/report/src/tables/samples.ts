import type { ComparisonInput } from '../comparison-input.ts';
import { pictureUri } from '../images/picture-bytes.ts';
import { html, trusted, type Markup } from '../markup/html.ts';
import { groupDigits } from '../metrics/format.ts';

/** Names of the datasets that encoders learned from, in order of appearance. */
export function pretrainingData({ entries }: Pick<ComparisonInput, 'entries'>): string[] {
  return [...new Set(entries.flatMap(({ pretrainedOn }) => pretrainedOn ?? []))];
}

/**
 * Images of each dataset that encoders learned from, side by side: what it was made of, and which entries learned from it.
 * Nothing where all learned from the same one, which stands under Data.
 */
export function pretrainingSamples(input: ComparisonInput): Markup {
  const names = pretrainingData(input);
  if (names.length < 2) return html``;
  const figures = names.flatMap((name) => {
    const dataset = input.datasets.find((one) => one.name === name);
    if (dataset === undefined) return [];
    const { sheet, chosen, splits } = dataset;
    const learned = input.entries.filter(({ pretrainedOn }) => pretrainedOn?.includes(name)).map(({ label }) => label);
    const images = groupDigits(Object.values(splits).reduce((sum, { count }) => sum + count, 0));
    const picture =
      sheet !== undefined &&
      html`<img src="${trusted(pictureUri(sheet))}" alt="${`Some images of ${name}`}" loading="lazy" />`;
    return [
      html`<figure class="sample">
        ${picture}
        <figcaption>
          <strong>${name}</strong>${!/^\d+ images/.test(chosen) && `, ${images} images`}: ${chosen}
          <span class="fact">learned from by ${learned.join(', ')}</span>
        </figcaption>
      </figure>`,
    ];
  });
  return figures.length === 0 ? html`` : html`<div class="samples">${figures}</div>`;
}
