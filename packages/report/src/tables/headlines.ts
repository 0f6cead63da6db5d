import type { ExpectedNumber, PublishedNumber, Results } from '../input.ts';
import { html, type Markup } from '../markup/html.ts';
import { formatNumber, formatValue } from '../metrics/format.ts';
import { isHeadline, type Metrics, type MetricValues } from '../metrics/gather.ts';
import { measureTitle } from '../metrics/protocols.ts';
import { methodOf } from './family-tables.ts';
import { metricTitle } from './metric-title.ts';
import { markedMean } from './remarks.ts';

/** What a page leads with, and what stands beside it. */
interface Leading {
  /** Out of which the leading ones are taken; all, where it is absent. */
  readonly among?: Metrics | undefined;
  readonly published?: readonly PublishedNumber[] | undefined;
  readonly expected?: readonly ExpectedNumber[] | undefined;
}

/**
 * One line per variant on a common scale: a dot for each seed, a band for what is expected, the mean as a number; below them
 * the published numbers of the same protocol, and how many there were to be found. What pretext tasks measured comes last.
 */
export function headlines(
  input: Results,
  metrics: Metrics,
  { among = metrics, published = [], expected: allExpected = [] }: Leading,
): Markup {
  const leading = [...among].filter(([, [first]]) => first !== undefined && isHeadline(first.about));
  const isPretext = ([, [first]]: (typeof leading)[number]): number => Number(first!.about.protocol === undefined);
  const blocks = leading
    .sort((a, b) => isPretext(a) - isPretext(b))
    .map(([metric, values]) => {
      const expected = allExpected.filter((one) => one.metric === metric);
      const literature = published.filter((one) => one.metric === metric && one.comparable === true);
      const numbers = [...values.flatMap((one) => [...one.bySeed.values()]), ...literature.map(({ value }) => value)];
      const bounds = expected.flatMap((one) => [one.value - one.tolerance, one.value + one.tolerance]);
      const lowest = Math.floor((Math.min(...numbers, ...bounds) - 2) / 5) * 5;
      // Correlations can be negative, which nothing else here is.
      const low = Math.min(...numbers) < 0 ? lowest : Math.max(0, lowest);
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
      const beside = literature.map(
        (one) =>
          html`<li class="published" title="${one.source}">
            <span class="who">${methodOf(one)}, published</span
            ><span class="track" aria-hidden="true"><i class="tick-mark" style="left:${place(one.value)}"></i></span
            ><span class="value">${formatValue('%', one.value)}</span>
          </li>`,
      );
      const facts = factsBeside(values[0]!, metrics);
      return html`<div class="headline">
        <h3>${metricTitle(metric, values[0]?.about)}</h3>
        <ul>
          ${lines}${beside}
          <li class="scale" aria-hidden="true">
            <span class="who"></span><span class="track"><b>${low}</b><b>${high} %</b></span
            ><span class="value"></span>
          </li>
        </ul>
        ${facts !== '' && html`<p class="key">${facts}</p>`}
      </div>`;
    });
  if (blocks.length === 0) return html``;
  const band = allExpected.length > 0 && ' The grey band is what is expected of the recipe.';
  return html`<div class="headlines">${blocks}</div>
    <p class="key">
      A dot is one seed, measured after the last epoch; the number is their mean, ± the deviation.${band}
    </p>`;
}

/** What a mean has to be read beside, such as its number of positives: all of its protocol that is neither good nor bad. */
function factsBeside({ about }: MetricValues, metrics: Metrics): string {
  if (about.protocol === undefined) return '';
  const { head, protocol, layer } = about;
  const facts = [...metrics.values()].filter(([one]) => {
    const of = one?.about;
    return of?.better === 'neither' && of.head === head && of.protocol === protocol && of.layer === layer;
  });
  return facts
    .map((values) => {
      const { unit } = values[0]!.about;
      const all = values.flatMap(({ bySeed }) => [...bySeed.values()]);
      const [least, most] = [Math.min(...all), Math.max(...all)].map((value) =>
        unit === '%' ? `${formatValue(unit, value)} %` : formatNumber(value),
      );
      return `${measureTitle(values[0]!.about)}: ${least === most ? least : `${least} to ${most}`}`;
    })
    .join(' · ');
}
