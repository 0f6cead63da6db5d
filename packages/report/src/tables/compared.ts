import { duration } from '@selfsup/kit/units';
import { groupRow, groupsOf } from '../charts/panels.ts';
import type { ComparedEntry, ComparedRow, ComparisonInput } from '../comparison-input.ts';
import { flatten } from '../flatten.ts';
import { html, type Markup } from '../markup/html.ts';
import { table } from '../markup/table.ts';
import { meanSeconds, shortKeys } from '../metrics/made-by.ts';

/** The entries, how each of them was pretrained, and what a seed of it took in all. */
export function compared(input: ComparisonInput): Markup {
  const isGrouped = input.entries.some(({ group }) => group !== undefined);
  const rowOf = (
    { label, experiment, variant, title, paper, reference }: ComparedEntry,
    place: number,
    all: readonly ComparedEntry[],
  ): Markup => {
    // A paper is named once for all entries that follow each other.
    const repeated = place > 0 && paper !== undefined && all[place - 1]?.paper === paper;
    const own = input.rows.filter((row) => row.variant === label);
    // Whatever else has no settings by which numbers compare.
    const pretraining = own.filter(({ settings }) => Object.keys(settings).length === 0);
    const seeds = [...new Set(own.map(({ seed }) => seed))];
    return html`<tr>
      <th scope="row">${label}${isGrouped && reference === true && html` <span class="badge">reference</span>`}</th>
      <td class="prose">
        <code>${experiment}</code>${variant !== 'base' && html` <span class="badge">${variant}</span>`}
        ${!repeated && html`<br /><span class="note">${paper ?? title}</span>`}
      </td>
      <td>${[...new Set(pretraining.map(({ uses }) => uses))].join(', ')}</td>
      <td class="keys">${networkOf(pretraining)}</td>
      <td>${seeds.join(', ')}</td>
      ${seconds(pretraining)} ${seconds(own)}
      <td class="keys">${shortKeys(pretraining)}</td>
    </tr>`;
  };
  const bodies = groupsOf(input.entries).map(
    ({ title, members }) =>
      html`<tbody>
        ${title !== '' && groupRow(title, 8)} ${members.map(rowOf)}
      </tbody>`,
  );
  return table({
    label: 'What is compared',
    caption: 'Wall time of one seed, a mean over seeds; config is the short key of each pretraining',
    head: [
      { title: 'system' },
      { title: 'experiment' },
      { title: 'pretraining' },
      { title: 'network' },
      { title: 'seeds' },
      { title: 'pretraining took', number: true },
      { title: 'all took', number: true },
      { title: 'config' },
    ],
    body: bodies,
    bodies: true,
  });
}

function seconds(rows: readonly ComparedRow[]): Markup {
  const mean = rows.length === 0 ? undefined : meanSeconds(rows);
  return html`<td class="number">${mean === undefined ? '–' : duration(mean)}</td>`;
}

/** The last network that was trained: `nin, blocks 3, width 64`. */
function networkOf(pretraining: readonly ComparedRow[]): string {
  const networks = pretraining.map(({ config }) => (config as { network?: unknown } | null)?.network);
  const network = networks.filter((one) => one !== undefined).at(-1);
  return flatten(network)
    .map(([name, value]) => (name === 'name' ? value : `${name} ${value}`))
    .join(', ');
}
