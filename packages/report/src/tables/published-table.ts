import type { PublishedNumber } from '../input.ts';
import { html, type Markup } from '../markup/html.ts';
import { table } from '../markup/table.ts';
import { publishedText } from '../metrics/beside-published.ts';
import { valuesOfOrFirst, type Metrics, type MetricValues } from '../metrics/gather.ts';
import { metricTitle } from './metric-title.ts';
import { markedMean } from './remarks.ts';

/**
 * Ours beside the literature, `oursOf` saying which of ours it is. Where the protocols differ no difference is printed, and
 * the row says why.
 */
export function publishedTable(
  published: readonly PublishedNumber[],
  metrics: Metrics,
  oursOf: (number: PublishedNumber) => MetricValues | undefined = ({ metric, variant }) =>
    valuesOfOrFirst(metrics, metric, variant),
): Markup {
  const rows = published.map((number) => {
    const { metric, variant, note } = number;
    const ours = oursOf(number);
    const sign = number.unit === undefined ? '' : ` ${number.unit}`;
    const gap = ours === undefined || number.comparable !== true ? undefined : ours.mean - number.value;
    const badge =
      number.comparable === true
        ? html`<span class="badge good">same protocol</span>`
        : html`<span class="badge muted">not comparable</span>`;
    const about = ours?.about ?? metrics.get(metric)?.[0]?.about;
    return html`<tr class="${number.comparable === true ? 'comparable' : 'incomparable'}">
      <th scope="row">
        ${metricTitle(metric, about)}${variant !== undefined && html` <span class="badge">${variant}</span>`}
      </th>
      <td class="number">${ours === undefined ? '–' : markedMean(ours)}</td>
      <td class="number">${publishedText(number, ours)}${sign}</td>
      <td class="number">${gap === undefined ? '' : `${gap < 0 ? '−' : '+'}${Math.abs(gap).toFixed(2)}`}</td>
      <td class="prose">
        ${badge} ${number.protocol}${note !== undefined && html`<br /><span class="note">${note}</span>`}
      </td>
      <td class="source">${number.source}</td>
    </tr>`;
  });
  if (rows.length === 0) return html``;
  return table({
    label: 'Published numbers',
    caption: 'Ours beside the published numbers',
    head: [
      { title: 'metric' },
      { title: 'ours', number: true },
      { title: 'published', number: true },
      { title: 'difference', number: true },
      { title: 'protocol' },
      { title: 'read where' },
    ],
    body: rows,
  });
}
