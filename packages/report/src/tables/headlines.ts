import type { ExpectedNumber, Results } from '../input.ts';
import { html, type Markup } from '../markup/html.ts';
import { formatValue } from '../metrics/format.ts';
import { isHeadline, type Metrics } from '../metrics/gather.ts';
import { metricTitle } from './metric-title.ts';
import { markedMean } from './remarks.ts';

/** One line per variant on a common scale: a dot for each seed, a bar for the mean, a band for what is expected. */
export function headlines(input: Results, metrics: Metrics, allExpected: readonly ExpectedNumber[] = []): Markup {
  const blocks = [...metrics]
    .filter(([, [first]]) => first !== undefined && isHeadline(first.about))
    .map(([metric, values]) => {
      const expected = allExpected.filter((one) => one.metric === metric);
      const numbers = values.flatMap((one) => [...one.bySeed.values()]);
      const bounds = expected.flatMap((one) => [one.value - one.tolerance, one.value + one.tolerance]);
      const low = Math.max(0, Math.floor((Math.min(...numbers, ...bounds) - 2) / 5) * 5);
      const high = Math.min(100, Math.ceil((Math.max(...numbers, ...bounds) + 2) / 5) * 5);
      const place = (value: number) => `${(((value - low) / Math.max(1e-9, high - low)) * 100).toFixed(2)}%`;
      const lines = values.map((one) => {
        const colour = input.variants.indexOf(one.variant) % 8;
        const band = expected.find(
          (number) => number.variant === one.variant || (number.variant === undefined && one === values[0]),
        );
        const dots = [...one.bySeed].map(
          ([seed, value]) =>
            html`<i
              class="dot b${colour}"
              style="left:${place(value)}"
              title="${`seed ${seed}: ${formatValue('%', value)}`}"
            ></i>`,
        );
        return html`<li>
          <span class="who">${one.variant}</span
          ><span class="track" aria-hidden="true"
            >${
              band !== undefined &&
              html`<i
                class="band"
                style="left:${place(band.value - band.tolerance)};right:calc(100% - ${place(band.value + band.tolerance)})"
                title="${`expected ${band.value} ± ${band.tolerance}`}"
              ></i>`
            }${dots}</span
          ><span class="value">${markedMean(one)}</span>
        </li>`;
      });
      return html`<div class="headline">
        <h3>${metricTitle(metric, values[0]?.about)}</h3>
        <ul>
          ${lines}
          <li class="scale" aria-hidden="true">
            <span class="who"></span><span class="track"><b>${low}</b><b>${high} %</b></span
            ><span class="value"></span>
          </li>
        </ul>
      </div>`;
    });
  if (blocks.length === 0) return html``;
  const band = allExpected.length > 0 && ' The grey band is what is expected of the recipe.';
  return html`<div class="headlines">${blocks}</div>
    <p class="key">
      A dot is one seed, measured after the last epoch; the number is their mean, ± the deviation.${band}
    </p>`;
}
