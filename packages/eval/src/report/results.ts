import { formatDeviation, formatMetric, isPercent, meanAndDeviation } from './format.ts';
import type { ExpectedNumber, PublishedNumber, Results } from './input.ts';
import { html, type Markup } from './markup.ts';

/** The values of one metric for one variant, by seed. */
export interface MetricValues {
  readonly metric: string;
  readonly variant: string;
  readonly bySeed: ReadonlyMap<number, number>;
  readonly mean: number;
  readonly deviation: number | undefined;
}

/** Gathers the metrics of all rows: by metric in order of appearance, then by variant in the page's order. */
export function gatherMetrics(input: Results): Map<string, MetricValues[]> {
  const found = new Map<string, Map<string, Map<number, number>>>();
  for (const row of input.rows)
    for (const [metric, value] of Object.entries(row.metrics)) {
      const variants = found.get(metric) ?? new Map<string, Map<number, number>>();
      found.set(metric, variants);
      const seeds = variants.get(row.variant) ?? new Map<number, number>();
      variants.set(row.variant, seeds);
      seeds.set(row.seed, value);
    }
  return new Map(
    [...found].map(([metric, variants]) => [
      metric,
      input.variants.flatMap((variant) => {
        const bySeed = variants.get(variant);
        return bySeed === undefined ? [] : [{ metric, variant, bySeed, ...meanAndDeviation([...bySeed.values()]) }];
      }),
    ]),
  );
}

/** The metrics that the page leads with: accuracies after the last epoch. */
export function isHeadline(metric: string): boolean {
  return isPercent(metric) && !metric.endsWith('-best');
}

/** Mean, and the deviation where there are several seeds. */
export function meanText(values: MetricValues): string {
  const mean = formatMetric(values.metric, values.mean);
  return values.deviation === undefined ? mean : `${mean} ± ${formatDeviation(values.metric, values.deviation)}`;
}

/** Our value that a number of others stands beside: of its variant, or of the first one where it names none. */
function findOurs(
  metrics: ReadonlyMap<string, MetricValues[]>,
  { metric, variant }: PublishedNumber | ExpectedNumber,
): MetricValues | undefined {
  return variant === undefined ? metrics.get(metric)?.[0] : valuesOf(metrics, metric, variant);
}

/** The values of one metric of one variant, or of one entry of a comparison. */
export function valuesOf(
  metrics: ReadonlyMap<string, MetricValues[]>,
  metric: string,
  variant: string | undefined,
): MetricValues | undefined {
  return metrics.get(metric)?.find((one) => one.variant === variant);
}

/** One line per variant on a common scale: a dot for each seed, a bar for the mean, a band for what is expected. */
export function headlines(
  input: Results,
  metrics: ReadonlyMap<string, MetricValues[]>,
  allExpected: readonly ExpectedNumber[] = [],
): Markup {
  const blocks = [...metrics]
    .filter(([metric]) => isHeadline(metric))
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
              title="${`seed ${seed}: ${formatMetric(metric, value)}`}"
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
          ><span class="value">${meanText(one)}</span>
        </li>`;
      });
      return html`<div class="headline">
        <h3>${metricTitle(metric)}</h3>
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

/** A metric's whole name, with places to break the line. */
function metricName(metric: string): Markup {
  return html`<code>${metric.split('/').flatMap((part, i) => (i === 0 ? [part] : ['/', html`<wbr />`, part]))}</code>`;
}

/** A metric in words: `linear/asano/conv3/top1` is "linear on conv3, top1" by the protocol asano. */
export function metricTitle(metric: string): Markup {
  const parts = metric.split('/');
  if (parts.length !== 4) return html`<span title="${metric}">${parts.join(', ').replaceAll('-', ' ')}</span>`;
  const [head, protocol, layer, measure] = parts;
  return html`<span title="${metric}">${head} on ${layer}, ${measure?.replace('top', 'top-')}</span>
    <span class="variant">protocol ${protocol}</span>`;
}

/** Ours against what an independent implementation gave: inside the tolerance or not. */
export function expectedTable(
  expected: readonly ExpectedNumber[],
  metrics: ReadonlyMap<string, MetricValues[]>,
): Markup {
  const rows = expected.map((number) => {
    const ours = findOurs(metrics, number);
    const inside = ours !== undefined && Math.abs(ours.mean - number.value) <= number.tolerance + 1e-9;
    const verdict =
      ours === undefined
        ? html`<span class="badge muted">not run</span>`
        : html`<span class="badge ${inside ? 'good' : 'bad'}">${inside ? '✓ within' : '✗ outside'}</span>`;
    return html`<tr>
      <th scope="row">
        ${metricTitle(number.metric)}${number.variant !== undefined && html` <span class="badge">${number.variant}</span>`}
      </th>
      <td>${verdict}</td>
      <td class="number">${ours === undefined ? '–' : meanText(ours)}</td>
      <td class="number">${formatMetric(number.metric, number.value)} ± ${number.tolerance}</td>
      <td class="source">${number.source}</td>
    </tr>`;
  });
  if (rows.length === 0) return html``;
  return html`<div class="scroll" role="region" aria-label="Expected numbers" tabindex="0">
    <table>
      <caption>
        Ours beside what is expected of this recipe
      </caption>
      <thead>
        <tr>
          <th scope="col">metric</th>
          <th scope="col">verdict</th>
          <th scope="col" class="number">ours</th>
          <th scope="col" class="number">expected</th>
          <th scope="col">read where</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/**
 * Ours beside the literature, `oursOf` saying which of ours it is. Where the protocols differ no difference is printed, and
 * the row says why.
 */
export function publishedTable(
  published: readonly PublishedNumber[],
  metrics: ReadonlyMap<string, MetricValues[]>,
  oursOf: (number: PublishedNumber) => MetricValues | undefined = (number) => findOurs(metrics, number),
): Markup {
  const rows = published.map((number) => {
    const ours = oursOf(number);
    const unit = number.unit === undefined ? '' : ` ${number.unit}`;
    const gap = ours === undefined || number.comparable !== true ? undefined : ours.mean - number.value;
    const badge =
      number.comparable === true
        ? html`<span class="badge good">same protocol</span>`
        : html`<span class="badge muted">not comparable</span>`;
    return html`<tr class="${number.comparable === true ? 'comparable' : 'incomparable'}">
      <th scope="row">
        ${metricTitle(number.metric)}${number.variant !== undefined && html` <span class="badge">${number.variant}</span>`}
      </th>
      <td class="number">${ours === undefined ? '–' : meanText(ours)}</td>
      <td class="number">${formatMetric(number.metric, number.value)}${unit}</td>
      <td class="number">${gap === undefined ? '' : `${gap < 0 ? '−' : '+'}${Math.abs(gap).toFixed(2)}`}</td>
      <td class="prose">
        ${badge} ${number.protocol}${number.note !== undefined && html`<br /><span class="note">${number.note}</span>`}
      </td>
      <td class="source">${number.source}</td>
    </tr>`;
  });
  if (rows.length === 0) return html``;
  return html`<div class="scroll" role="region" aria-label="Published numbers" tabindex="0">
    <table>
      <caption>
        Ours beside the published numbers
      </caption>
      <thead>
        <tr>
          <th scope="col">metric</th>
          <th scope="col" class="number">ours</th>
          <th scope="col" class="number">published</th>
          <th scope="col" class="number">difference</th>
          <th scope="col">protocol</th>
          <th scope="col">read where</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/** Every metric of every seed, with mean and deviation. */
export function seedTable(input: Results, metrics: ReadonlyMap<string, MetricValues[]>): Markup {
  const groups = [...metrics].map(([metric, values]) => {
    const lines = values.map(
      (one, i) =>
        html`<tr>
          ${i === 0 && html`<th scope="rowgroup" rowspan="${values.length}">${metricName(metric)}</th>`}
          <td>${one.variant}</td>
          ${input.seeds.map((seed) => html`<td class="number">${one.bySeed.has(seed) ? formatMetric(metric, one.bySeed.get(seed) as number) : '–'}</td>`)}
          <td class="number">${formatMetric(metric, one.mean)}</td>
          <td class="number">
            ${one.deviation === undefined ? '–' : one.deviation.toFixed(isPercent(metric) ? 2 : 4)}
          </td>
        </tr>`,
    );
    return html`<tbody>
      ${lines}
    </tbody>`;
  });
  return html`<div class="scroll" role="region" aria-label="All metrics by seed" tabindex="0">
    <table class="seeds">
      <caption>
        All metrics; deviation is the sample deviation over seeds
      </caption>
      <thead>
        <tr>
          <th scope="col">metric</th>
          <th scope="col">variant</th>
          ${input.seeds.map((seed) => html`<th scope="col" class="number">seed ${seed}</th>`)}
          <th scope="col" class="number">mean</th>
          <th scope="col" class="number">deviation</th>
        </tr>
      </thead>
      ${groups}
    </table>
  </div>`;
}
