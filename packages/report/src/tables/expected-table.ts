import type { ExpectedNumber } from '../input.ts';
import { html, type Markup } from '../markup/html.ts';
import { table } from '../markup/table.ts';
import { formatValue } from '../metrics/format.ts';
import { valuesOfOrFirst, type Metrics } from '../metrics/gather.ts';
import { metricTitle } from './metric-title.ts';
import { markedMean } from './remarks.ts';

/** Ours against what an independent implementation gave: inside the tolerance or not. */
export function expectedTable(expected: readonly ExpectedNumber[], metrics: Metrics): Markup {
  const rows = expected.map(({ metric, variant, value, tolerance, source }) => {
    const ours = valuesOfOrFirst(metrics, metric, variant);
    const inside = ours !== undefined && Math.abs(ours.mean - value) <= tolerance + 1e-9;
    const verdict =
      ours === undefined
        ? html`<span class="badge muted">not run</span>`
        : html`<span class="badge ${inside ? 'good' : 'bad'}">${inside ? '✓ within' : '✗ outside'}</span>`;
    return html`<tr>
      <th scope="row">
        ${metricTitle(metric, ours?.about)}${variant !== undefined && html` <span class="badge">${variant}</span>`}
      </th>
      <td>${verdict}</td>
      <td class="number">${ours === undefined ? '–' : markedMean(ours)}</td>
      <td class="number">${formatValue(ours?.about.unit ?? 'none', value)} ± ${tolerance}</td>
      <td class="source">${source}</td>
    </tr>`;
  });
  if (rows.length === 0) return html``;
  return table({
    label: 'Expected numbers',
    caption: 'Ours beside what is expected of this recipe',
    head: [
      { title: 'metric' },
      { title: 'verdict' },
      { title: 'ours', number: true },
      { title: 'expected', number: true },
      { title: 'read where' },
    ],
    body: rows,
  });
}
