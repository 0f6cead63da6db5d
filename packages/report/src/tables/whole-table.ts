import type { WholeTable } from '../comparison-input.ts';
import type { PublishedNumber } from '../input.ts';
import { html, type Markup } from '../markup/html.ts';
import { table as scrollingTable } from '../markup/table.ts';
import { groupDigits } from '../metrics/format.ts';
import { valuesOf, type Metrics } from '../metrics/gather.ts';
import { markedMean } from './remarks.ts';

type Row = WholeTable['table']['rows'][number];

/** The rows of the page's own data that stand beside one row of the published table. */
interface Beside {
  readonly label: string;
  /** By column of the table. */
  readonly numbers: ReadonlyMap<string, PublishedNumber>;
}

/** Whether a published number stands in a table that is shown whole. */
export function isInWholeTable({ table }: PublishedNumber, whole: readonly WholeTable[]): boolean {
  return whole.some(({ name }) => table?.startsWith(`${name}/`));
}

/**
 * A published table in its own order and all its rows, each column beside ours; a dash where we have none. Error rates are
 * shown as accuracies, as ours are. A difference stands only where the protocol is the same; else it is said what differs.
 */
export function wholeTable(
  { name, table }: WholeTable,
  published: readonly PublishedNumber[],
  metrics: Metrics,
): Markup {
  const numbers = published.filter((number) => number.table?.startsWith(`${name}/`));
  const hasImages = table.rows.some(({ images }) => images !== undefined);
  const rows = table.rows.map((row) => rowsOf(table, row, besides(name, row, numbers), metrics, hasImages));
  const comparable = numbers.length > 0 && numbers.every((number) => number.comparable === true);
  return html`<h3>${table.title}</h3>
    ${whatDiffers(numbers, comparable)}
    ${scrollingTable({
      label: table.title,
      className: 'whole',
      caption: `Published ${table.measure === 'error' ? 'accuracy (100 − error)' : table.measure.replace('-', ' ')} in ${table.unit}, and ours in bold. Published: ${table.protocol.kind}, ${table.protocol.summary}. ${table.source}.`,
      head: html`<tr>
          <th scope="col" rowspan="2" class="stuck">published as</th>
          <th scope="col" rowspan="2">ours</th>
          ${hasImages && html`<th scope="col" rowspan="2" class="number">images</th>`}
          ${table.columns.map((column) => html`<th scope="colgroup" colspan="2" class="number">${column.replace(/^error$/, 'accuracy')}</th>`)}
        </tr>
        <tr>
          ${table.columns.map(
            () =>
              html`<th scope="col" class="number">publ.</th>
                <th scope="col" class="number">ours</th>`,
          )}
        </tr>`,
      body: rows,
    })}`;
}

/** What is ours beside a row: one for each entry that is named. */
function besides(name: string, { id }: Row, numbers: readonly PublishedNumber[]): Beside[] {
  const found = new Map<string, Map<string, PublishedNumber>>();
  for (const number of numbers) {
    if (number.row !== id || number.variant === undefined) continue;
    const own = found.get(number.variant) ?? new Map<string, PublishedNumber>();
    found.set(number.variant, own.set(number.table!.slice(name.length + 1), number));
  }
  return [...found].map(([label, own]) => ({ label, numbers: own }));
}

/** One line for each entry of ours, the published cells over all of them. */
function rowsOf(
  table: WholeTable['table'],
  row: Row,
  ours: readonly Beside[],
  metrics: Metrics,
  hasImages: boolean,
): Markup[] {
  const lines: (Beside | undefined)[] = ours.length === 0 ? [undefined] : [...ours];
  const span = lines.length;
  return lines.map((beside, line) => {
    const cells = table.columns.map((column, i) => {
      const value = row.values[i] ?? null;
      const number = beside?.numbers.get(column);
      return html`${
          line === 0 &&
          html`<td class="number" rowspan="${span}">
            ${value === null ? '–' : (table.measure === 'error' ? 100 - value : value).toFixed(placesOf(table))}
          </td>`
        }
        <td class="number own">${number === undefined ? '–' : ownText(number, metrics)}</td>`;
    });
    return html`<tr>
      ${
        line === 0 &&
        html`<th scope="row" class="stuck" rowspan="${span}">
          <span class="key">(${row.id})</span>
          ${row.method}${row.note !== undefined && html` <span class="note">${row.note}</span>`}
        </th>`
      }
      <td>${beside === undefined ? '–' : beside.label}</td>
      ${
        hasImages &&
        line === 0 &&
        html`<td class="number" rowspan="${span}">${row.images === undefined ? '–' : groupDigits(row.images)}</td>`
      }
      ${cells}
    </tr>`;
  });
}

/** Places behind the point that the table gives: the most of any of its numbers. */
function placesOf({ rows }: WholeTable['table']): number {
  const places = rows.flatMap(({ values }) => values.map((value) => String(value ?? '').split('.')[1]?.length ?? 0));
  return Math.max(...places);
}

/** Ours, with the difference where it means something. */
function ownText(number: PublishedNumber, metrics: Metrics): Markup {
  const ours = valuesOf(metrics, number.metric, number.variant);
  if (ours === undefined) return html`–`;
  if (number.comparable !== true) return html`<b title="${number.metric}">${markedMean(ours)}</b>`;
  const gap = ours.mean - number.value;
  return html`<b title="${number.metric}">${markedMean(ours)}</b>
    <span class="note">${gap < 0 ? '−' : '+'}${Math.abs(gap).toFixed(2)}</span>`;
}

function whatDiffers(numbers: readonly PublishedNumber[], comparable: boolean): Markup {
  const remarks = new Map<string, Set<string>>();
  for (const { remark, variant } of numbers) {
    if (remark === undefined) continue;
    remarks.set(remark, (remarks.get(remark) ?? new Set()).add(variant ?? ''));
  }
  const all = new Set(numbers.map(({ variant }) => variant ?? ''));
  const notes = [...remarks].map(([remark, labels]) =>
    labels.size === all.size ? html`<li>${remark}</li>` : html`<li>${[...labels].join(', ')}: ${remark}</li>`,
  );
  const list =
    notes.length > 0 &&
    html`<ul class="remarks">
      ${notes}
    </ul>`;
  if (comparable)
    return html`<p><span class="badge good">same protocol</span> Differences stand beside ours.</p>
      ${list}`;
  return html`<p>
      <span class="badge muted">not comparable</span> Ours are measured by another protocol or on other data: read down
      the columns, not across. No difference is
      given${numbers.some((one) => one.comparable === true) && ' where that is so'}.
    </p>
    ${list}`;
}
