import { metricName } from '@selfsup/kit/metric';
import { duration } from '@selfsup/kit/units';
import { renderDocument, section } from './markup/document.ts';
import { html, type Content, type Markup } from './markup/html.ts';
import { table } from './markup/table.ts';
import { formatDeviation, formatValue, inPercent } from './metrics/format.ts';
import { isHeadline } from './metrics/gather.ts';
import { leadingMetrics, rankings, type Ranking } from './metrics/ranking.ts';
import type { OverviewInput, Run } from './overview-input.ts';
import { breakableName } from './tables/metric-title.ts';

/** Rows of a table that are open; more are folded. */
const mostRows = 20;

/**
 * One page over all published results, in several orders: by number, by date, by experiment. It loads nothing, runs no
 * script, and leads to the reports beside it. Every text of the input is escaped.
 */
export function renderOverview(found: OverviewInput): string {
  const runs = found.runs.map((run) => ({ ...run, metrics: run.metrics.map(inPercent) }));
  const input = { ...found, runs };
  const { damaged } = input;
  const newest = [...runs].sort((a, b) => (b.finished ?? '').localeCompare(a.finished ?? ''));
  const hasSeveral = processorsOf(runs).length > 1;
  const experiments = [...new Set(runs.map(({ experiment }) => experiment))].sort();
  return renderDocument({
    eyebrow: html`Selfsup`,
    title: 'Results at a glance',
    facts: [
      [
        'results',
        `${runs.length}, of ${experiments.length} ${experiments.length === 1 ? 'experiment' : 'experiments'}`,
      ],
      ['newest', newest[0]?.finished?.slice(0, 10)],
      ['machines', [...new Set(runs.flatMap(({ hosts }) => hosts))].join(', ')],
      ['processors', processorsOf(runs).join(', ')],
      ['comparisons', links(input)],
    ],
    datasets: [],
    warnings:
      damaged.length === 0 ? [] : [`${damaged.length} of the files here could not be read; they are named below.`],
    sections: [
      section('best', 'Best first', best(runs)),
      section('newest', 'Newest first', runs.length === 0 ? html`` : latest(newest, hasSeveral)),
      section(
        'experiments',
        'By experiment',
        html`${experiments.map((name) => ofExperiment(input, name, hasSeveral))}`,
        runs.length > 0,
      ),
      section(
        'unread',
        'Could not be read',
        html`<ul>
          ${damaged.map((line) => html`<li class="digest">${line}</li>`)}
        </ul>`,
        damaged.length > 0,
      ),
      section('none', 'Nothing yet', html`<p>No result is published here.</p>`, runs.length === 0),
    ],
    generated: input.generated,
  });
}

function links({ comparisons }: OverviewInput): Content {
  return (
    comparisons.length > 0 &&
    comparisons.map(
      ({ name, title, report }, i) => html`${i > 0 && ', '}<a href="${report}" title="${title}">${name}</a>`,
    )
  );
}

/** A table for each head and protocol on each data: variants by their mean over the seeds. */
function best(runs: readonly Run[]): Markup {
  const first = new Map<string, string>();
  const leads = rankings(runs, isHeadline).filter(({ name, ranked: [one] }) => {
    const id = `${one!.about.head}/${one!.about.protocol ?? ''}`;
    if (!first.has(id)) first.set(id, name);
    return first.get(id) === name;
  });
  if (leads.length === 0) return html``;
  const [open, rest] = parted(leads, ({ ranked }) => ranked.length > 1 && ranked[0]!.about.protocol !== undefined);
  // Whatever there is stands open where nothing compares with anything.
  const [shown, further] = open.length > 0 ? [open, rest] : [rest, []];
  return html`<p class="key">
      Numbers of one table have one protocol, one measure and the same data; settings that the protocol leaves open may
      differ. Each variant at its best layer, in the mean of its seeds, ± their deviation.
    </p>
    ${shown.sort((a, b) => b.ranked.length - a.ranked.length).map(rankingTable)}
    ${
      further.length > 0 &&
      html`<details>
        <summary>What pretext tasks measured, and what only one variant has: ${further.length}</summary>
        ${further.map(rankingTable)}
      </details>`
    }`;
}

function parted<Item>(items: readonly Item[], first: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(first), items.filter((item) => !first(item))];
}

function rankingTable({ name, data, ranked }: Ranking): Markup {
  const on = html` <span class="note">on ${data.join(', ') || 'data that is no longer here'}</span>`;
  const rows = ranked.map(
    ({ experiment, variant, about, seeds, mean, deviation }, i) =>
      html`<tr>
        <td class="number">${i + 1}</td>
        <th scope="row">${runLink(experiment, variant)}</th>
        <td class="number">
          ${formatValue(about.unit, mean)}${deviation !== undefined && ` ± ${formatDeviation(about.unit, deviation)}`}
          ${about.unit === '%' && '%'}
        </td>
        <td>${about.layer}</td>
        <td class="number">${seeds.length}</td>
      </tr>`,
  );
  const head = [
    { title: '', number: true },
    { title: 'experiment' },
    { title: 'mean', number: true },
    { title: 'layer' },
    { title: 'seeds', number: true },
  ];
  return html`<h3>${breakableName(name)}${on}</h3>
    ${folded(rows, (body, label) => table({ label, caption: '', head, body }), name)}`;
}

function latest(newest: readonly Run[], processors: boolean): Markup {
  const rows = newest.map(
    (run) =>
      html`<tr>
        <td class="number">${dateOf(run)}</td>
        <th scope="row">${runLink(run.experiment, run.variant)} <span class="note">seed ${run.seed}</span></th>
        <td>${numbers(run, 2)}</td>
        <td>${where(run, processors)}</td>
      </tr>`,
  );
  const head = [
    { title: 'ended (UTC)', number: true },
    { title: 'experiment' },
    { title: 'numbers' },
    { title: 'computed on' },
  ];
  return folded(rows, (body, label) => table({ label, className: 'runs', caption: '', head, body }), 'Newest first');
}

function ofExperiment({ runs, experiments }: OverviewInput, name: string, processors: boolean): Markup {
  const { title, report } = experiments[name] ?? {};
  const own = runs
    .filter(({ experiment }) => experiment === name)
    .sort((a, b) => a.variant.localeCompare(b.variant) || a.seed - b.seed);
  const rows = own.map(
    (run) =>
      html`<tr>
        <th scope="row">${run.variant} <span class="note">seed ${run.seed}</span></th>
        <td>${numbers(run, 6)}</td>
        <td class="number">${dateOf(run)}</td>
        <td class="number">${run.seconds === undefined ? '–' : duration(run.seconds)}</td>
        <td>${where(run, processors)}</td>
      </tr>`,
  );
  const head = [
    { title: 'variant' },
    { title: 'numbers' },
    { title: 'ended (UTC)', number: true },
    { title: 'took', number: true },
    { title: 'computed on' },
  ];
  return html`<h3 id="${anchor(name)}">
      ${report === undefined ? name : html`<a href="${report}">${name}</a>`}${title !== undefined && html` <span class="note">${title}</span>`}
    </h3>
    ${report === undefined && html`<p class="key">No report beside this page: <code>selfsup report ${name}</code></p>`}
    ${folded(rows, (body, label) => table({ label, className: 'runs', caption: '', head, body }), name)}`;
}

/** A table of the first rows, and one of the others to be opened. */
function folded(
  rows: readonly Markup[],
  show: (body: readonly Markup[], label: string) => Markup,
  label: string,
): Markup {
  const rest = rows.slice(mostRows);
  return html`${show(rows.slice(0, mostRows), label)}
  ${
    rest.length > 0 &&
    html`<details>
      <summary>${rest.length} more</summary>
      ${show(rest, `${label}, the rest`)}
    </details>`
  }`;
}

function numbers({ metrics }: Run, most: number): Markup {
  const leading = leadingMetrics(metrics);
  const shown = leading.slice(0, most).map(
    (metric) =>
      html`<li>
        <span>${breakableName(metricName(metric))}</span>
        <b class="number">${formatValue(metric.unit, metric.value)}${metric.unit === '%' && ' %'}</b>
      </li>`,
  );
  if (shown.length === 0) return html`–`;
  return html`<ul class="settings">
    ${shown}${leading.length > most && html`<li class="more">${leading.length - most} more</li>`}
  </ul>`;
}

/** The processor too where results are of several; else the head of the page names it. */
function where({ hosts, processors }: Run, withProcessor: boolean): Markup {
  return html`${hosts.join(', ') || '–'}${withProcessor && html` <span class="note">${processors.join(', ')}</span>`}`;
}

function processorsOf(runs: readonly Run[]): string[] {
  return [...new Set(runs.flatMap(({ processors }) => processors))];
}

function dateOf({ finished }: Run): string {
  return finished === undefined ? '–' : finished.slice(0, 16).replace('T', ' ');
}

function runLink(experiment: string, variant: string): Markup {
  return html`<a href="#${anchor(experiment)}">${experiment}</a
    >${variant !== 'base' && html` <span class="badge">${variant}</span>`}`;
}

function anchor(experiment: string): string {
  return `experiment-${experiment.replace(/[^\w-]+/g, '-')}`;
}
