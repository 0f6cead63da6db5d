import { duration } from '@selfsup/kit/units';
import { groupRow, groupsOf } from '../charts/panels.ts';
import type { ComparedEntry, ComparisonInput } from '../comparison-input.ts';
import type { PublishedNumber } from '../input.ts';
import { html, type Markup } from '../markup/html.ts';
import { table } from '../markup/table.ts';
import { publishedText } from '../metrics/beside-published.ts';
import { familyTitle, namesOf, type FamilyMember, type ProtocolFamily } from '../metrics/families.ts';
import { valuesOf, type Metrics, type MetricValues } from '../metrics/gather.ts';
import { meanSeconds, shortKeys } from '../metrics/made-by.ts';
import {
  layerTitle,
  measureTitle,
  nameIn,
  rowsBehind,
  settingsDifferences,
  type Measure,
} from '../metrics/protocols.ts';
import { markedMean } from './remarks.ts';

/** A column of a table and the metric that stands in it. */
interface Column {
  readonly metric: string;
  readonly title: string;
  /** What several columns beside each other have in common, above their titles. */
  readonly over?: string | undefined;
}

/** More measures than this share a table. */
const mostTables = 3;
/** Methods of the literature that a note names; more are counted. */
const mostNamed = 4;

/**
 * All entries by the protocols of one family. The first measure has a table whose columns are layers, and for each layer the
 * protocols of the family, such as the k of nearest neighbours. The other measures are folded: up to three have tables of
 * the same form, more stand beside each other in one table for each protocol. Where there is one layer and one protocol,
 * the measures are the columns. Published numbers stand in it where their protocol is this one.
 */
export function familyBlock(input: ComparisonInput, metrics: Metrics, family: ProtocolFamily): Markup {
  const { layers, members, measures } = family;
  const all = namesOf(family);
  return html`<h3>${familyTitle(family)}</h3>
    ${
      layers.length === 1 && members.length === 1
        ? tableOf(
            input,
            metrics,
            columnsOfMeasures(members[0] as FamilyMember, layers[0] as string),
            `On ${layers[0] || 'the whole network'}`,
          )
        : measures.slice(0, 1).map((measure) => byLayer(input, metrics, family, measure))
    }
    ${(layers.length > 1 || members.length > 1) && furtherMeasures(input, metrics, family)}
    ${differencesNote(input, all)}${elsewhereNote(input.published, all)}`;
}

function furtherMeasures(input: ComparisonInput, metrics: Metrics, family: ProtocolFamily): Markup {
  const others = family.measures.slice(1);
  if (others.length < mostTables)
    return html`${others.map(
      (measure) =>
        html`<details>
          <summary>${measureTitle(measure)}</summary>
          ${byLayer(input, metrics, family, measure)}
        </details>`,
    )}`;
  return html`<details>
    <summary>All ${family.measures.length} measures</summary>
    ${family.members.map((member) => allMeasures(input, metrics, member))}
  </details>`;
}

function columnsOfMeasures({ protocol }: FamilyMember, layer: string): Column[] {
  return protocol.measures.map((measure) => ({
    metric: nameIn(protocol, layer, measure),
    title: measureTitle(measure),
  }));
}

/** One measure: the columns are layers, and for each layer the protocols. */
function byLayer(
  input: ComparisonInput,
  metrics: Metrics,
  { layers, members }: ProtocolFamily,
  measure: Measure,
): Markup {
  const several = members.length > 1;
  const columns = layers.flatMap((layer) =>
    members.flatMap(({ parameter, protocol }): Column[] => {
      const metric = nameIn(protocol, layer, measure);
      if (!several) return [{ metric, title: layerTitle(layer) }];
      return metrics.has(metric) ? [{ metric, title: parameter, over: layerTitle(layer) }] : [];
    }),
  );
  return tableOf(input, metrics, columns, `${measureTitle(measure)} by layer${several ? ' and protocol' : ''}`);
}

/** Every measure of one protocol: the columns are measures, the rows entries, below each other for each layer. */
function allMeasures(input: ComparisonInput, metrics: Metrics, { parameter, protocol }: FamilyMember): Markup {
  const bodies = protocol.layers.map((layer) => {
    const columns = columnsOfMeasures({ parameter, protocol }, layer);
    const rows = input.variants.flatMap((label) => {
      const values = columns.map(({ metric }) => valuesOf(metrics, metric, label));
      if (values.every((one) => one === undefined)) return [];
      return [
        html`<tr>
          <th scope="row">${label}</th>
          ${values.map(numberCell)}
        </tr>`,
      ];
    });
    return html`<tbody>
      ${groupRow(layerTitle(layer), columns.length + 1)} ${rows}
    </tbody>`;
  });
  const caption = `${parameter === '' ? 'All measures' : `All measures, ${parameter}`}, by layer`;
  return table({
    label: caption,
    caption: `${caption}; mean over seeds ± deviation`,
    className: 'compact',
    head: [
      { title: 'system' },
      ...protocol.measures.map((measure) => ({ title: measureTitle(measure), number: true })),
    ],
    body: bodies,
    bodies: true,
  });
}

function numberCell(one: MetricValues | undefined): Markup {
  return html`<td class="number">${one === undefined ? '–' : markedMean(one)}</td>`;
}

function tableOf(input: ComparisonInput, metrics: Metrics, columns: readonly Column[], caption: string): Markup {
  const names = columns.map(({ metric }) => metric);
  const different = new Set(settingsDifferences(input, names).map(({ label }) => label));
  const rowOf = ({ label }: ComparedEntry): Markup[] => {
    const values = columns.map(({ metric }) => valuesOf(metrics, metric, label));
    const seeds = new Set(values.flatMap((one) => [...(one?.bySeed.keys() ?? [])]));
    if (seeds.size === 0) return [];
    return [
      html`<tr>
        <th scope="row">${label}${different.has(label) && html` <span class="badge bad">other settings</span>`}</th>
        <td>${[...seeds].sort((a, b) => a - b).join(', ')}</td>
        ${values.map(numberCell)} ${madeBy(input, label, names)}
      </tr>`,
    ];
  };
  const bodies = groupsOf(input.entries).flatMap(({ title, members }) => {
    const rows = members.flatMap(rowOf);
    return rows.length === 0
      ? []
      : [
          html`<tbody>
            ${title !== '' && groupRow(title, columns.length + 4)}${rows}
          </tbody>`,
        ];
  });
  const published = publishedRows(input.published, columns, metrics);
  return table({
    label: caption,
    caption: `${caption}; mean over seeds ± deviation`,
    head: tableHead(columns),
    body: html`${bodies}${
      published.length > 0 &&
      html`<tbody>
        ${published}
      </tbody>`
    }`,
    bodies: true,
  });
}

/** One line of titles, or two where columns have something in common. */
function tableHead(columns: readonly Column[]): Markup {
  const overs = [...new Set(columns.map(({ over }) => over))];
  const isDouble = overs.some((over) => over !== undefined);
  const span = isDouble ? 2 : 1;
  const titles = columns.map(({ title }) => html`<th scope="col" class="number">${title}</th>`);
  const upper = overs.map((over) => {
    const width = columns.filter((column) => column.over === over).length;
    return html`<th scope="colgroup" class="number" colspan="${width}">${over}</th>`;
  });
  return html`<tr>
      <th scope="col" rowspan="${span}">system</th>
      <th scope="col" rowspan="${span}">seeds</th>
      ${isDouble ? upper : titles}
      <th scope="col" class="number" rowspan="${span}">wall time</th>
      <th scope="col" rowspan="${span}">config</th>
    </tr>
    ${
      isDouble &&
      html`<tr>
        ${titles}
      </tr>`
    }`;
}

/** Wall time of the evaluations that gave these metrics, and the short keys of the first of them. */
function madeBy(input: ComparisonInput, label: string, names: readonly string[]): Markup {
  const rows = rowsBehind(input, label, names);
  const seconds = meanSeconds(rows);
  return html`<td class="number">${seconds === undefined ? '–' : duration(seconds)}</td>
    <td class="keys">${shortKeys(rows)}</td>`;
}

/** Rows of published numbers of the same protocol; those of one method and source stand in one row. */
function publishedRows(published: readonly PublishedNumber[], columns: readonly Column[], metrics: Metrics): Markup[] {
  const rows = new Map<string, PublishedNumber[]>();
  for (const number of published) {
    if (number.comparable !== true || !columns.some(({ metric }) => metric === number.metric)) continue;
    const id = JSON.stringify([number.variant, methodOf(number), number.source]);
    rows.set(id, [...(rows.get(id) ?? []), number]);
  }
  return [...rows.values()].map((numbers) => {
    const [first] = numbers as [PublishedNumber];
    const cells = columns.map(({ metric }) => {
      const number = numbers.find((one) => one.metric === metric);
      if (number === undefined) return html`<td class="number">–</td>`;
      return html`<td class="number">${publishedText(number, metrics.get(metric)?.[0])}</td>`;
    });
    return html`<tr class="published">
      <th scope="row">${methodOf(first)} <span class="badge good">published</span></th>
      <td>–</td>
      ${cells}
      <td colspan="2" class="source">${first.source}</td>
    </tr>`;
  });
}

/** What the literature calls a method, else the entry that it is. */
export function methodOf({ method, variant, source }: PublishedNumber): string {
  return method ?? variant ?? source;
}

/** Says which entries were measured in another way, and how. */
function differencesNote(input: ComparisonInput, names: readonly string[]): Markup {
  const differences = settingsDifferences(input, names);
  if (differences.length === 0) return html``;
  const shown = differences
    .slice(0, 12)
    .map(
      ({ label, name, value, reference, referenceValue }) =>
        html`<li>
          ${label}: <code>${name}</code> ${value ?? 'not set'}, ${reference}: ${referenceValue ?? 'not set'}
        </li>`,
    );
  return html`<div class="banner">
    <strong>Not all of these were measured in the same way.</strong>
    <ul>
      ${shown}${differences.length > 12 && html`<li>and ${differences.length - 12} more</li>`}
    </ul>
  </div>`;
}

/** Says that there are published numbers for these metrics which another protocol gave. */
function elsewhereNote(published: readonly PublishedNumber[], names: readonly string[]): Markup {
  const others = published.filter(({ metric, comparable }) => comparable !== true && names.includes(metric));
  if (others.length === 0) return html``;
  const methods = [...new Set(others.map(methodOf))];
  const named = methods.length > mostNamed ? `${methods.length} methods` : methods.join('; ');
  return html`<p class="key">
    Not in this table, since their protocol is another one: the published numbers of ${named}. They are
    <a href="#literature">beside the literature</a>, each with what differs.
  </p>`;
}
