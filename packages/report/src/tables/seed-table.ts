import type { Results } from '../input.ts';
import { html, type Markup } from '../markup/html.ts';
import { table } from '../markup/table.ts';
import { formatDeviation, formatValue } from '../metrics/format.ts';
import type { Metrics } from '../metrics/gather.ts';
import { breakableName } from './metric-title.ts';
import { markedMean } from './remarks.ts';

/** Every metric of every seed, with mean and deviation. */
export function seedTable(input: Results, metrics: Metrics): Markup {
  const groups = [...metrics].map(([metric, values]) => {
    const lines = values.map((one, i) => {
      const { variant, bySeed, deviation, about } = one;
      const { unit } = about;
      const seeds = input.seeds.map((seed) => {
        const value = bySeed.get(seed);
        return html`<td class="number">${value === undefined ? '–' : formatValue(unit, value)}</td>`;
      });
      return html`<tr>
        ${i === 0 && html`<th scope="rowgroup" rowspan="${values.length}">${breakableName(metric)}</th>`}
        <td>${variant}</td>
        ${seeds}
        <td class="number">${markedMean({ ...one, deviation: undefined })}</td>
        <td class="number">${deviation === undefined ? '–' : formatDeviation(unit, deviation)}</td>
      </tr>`;
    });
    return html`<tbody>
      ${lines}
    </tbody>`;
  });
  return table({
    label: 'All metrics by seed',
    caption: 'All metrics; deviation is the sample deviation over seeds',
    className: 'seeds',
    head: [
      { title: 'metric' },
      { title: 'variant' },
      ...input.seeds.map((seed) => ({ title: `seed ${seed}`, number: true })),
      { title: 'mean', number: true },
      { title: 'deviation', number: true },
    ],
    body: groups,
    bodies: true,
  });
}
