import { duration } from '@selfsup/kit/units';
import { flatten } from '../flatten.ts';
import { pictureUri } from '../images/picture-bytes.ts';
import type { DatasetFacts, Results, StageRow } from '../input.ts';
import { html, trusted, type Markup } from '../markup/html.ts';
import { table } from '../markup/table.ts';
import { groupDigits } from '../metrics/format.ts';

/** What the experiment is made of, in order: each stage, what it uses, and its plain settings. */
export function stageList(input: Results): Markup {
  const stages = [...new Set(input.rows.map((row) => row.stage))];
  const items = stages.map((stage) => {
    const rows = input.rows.filter((row) => row.stage === stage);
    const uses = [...new Set(rows.map((row) => row.uses))];
    const first = rows[0] as StageRow;
    const protocol = (first.config as { protocol?: unknown } | null)?.protocol;
    const settings = flatten(first.config).filter(([name]) => name !== 'protocol');
    const shown = settings.slice(0, 12).map(([name, value]) => html`<li><span>${name}</span> ${value}</li>`);
    const rest = settings.length - shown.length;
    return html`<li>
      <div class="stage">
        <strong>${stage}</strong> <span class="uses">${uses.join(', ')}</span>${
          typeof protocol === 'string' && html` <span class="badge">protocol ${protocol}</span>`
        }
      </div>
      <ul class="settings">
        ${shown}${rest > 0 && html`<li class="more">and ${rest} more below</li>`}
      </ul>
    </li>`;
  });
  return html`<ol class="stages">
    ${items}
  </ol>`;
}

/** What the data is and where it came from; a stand-in is said in plain words. */
export function datasetSection(dataset: DatasetFacts): Markup {
  const splits = Object.entries(dataset.splits);
  const quarantine = dataset.quarantine ?? [];
  const counted = splits.filter(([, split]) => split.classCounts !== undefined);
  const byClass =
    counted.length > 0 &&
    dataset.classes.length <= 100 &&
    html`<details>
      <summary>${dataset.classes.length} classes</summary>
      ${table({
        label: `Images by class of ${dataset.name}`,
        caption: 'Images by class',
        head: [{ title: 'class' }, ...counted.map(([name]) => ({ title: name, number: true }))],
        body: dataset.classes.map(
          (name, i) =>
            html`<tr>
              <th scope="row">${name}</th>
              ${counted.map(([, split]) => html`<td class="number">${groupDigits(split.classCounts?.[i] ?? 0)}</td>`)}
            </tr>`,
        ),
      })}
    </details>`;
  const set =
    quarantine.length > 0 &&
    html`<details>
      <summary>${quarantine.length} set aside as unreadable</summary>
      <ul>
        ${quarantine.slice(0, 200).map((one) => html`<li><code>${one.path}</code>: ${one.reason}</li>`)}
      </ul>
    </details>`;
  const remarks = (dataset.warnings ?? []).map(({ message }) => html`<p class="banner">${message}</p>`);
  const { layout, passedOver = [], turned = 0 } = dataset.reading ?? {};
  const reading =
    (layout !== undefined || passedOver.length > 0 || turned > 0) &&
    html`<details>
      <summary>How it was read</summary>
      <ul>
        ${layout !== undefined && html`<li>Folders: ${layout}</li>`}
        ${turned > 0 && html`<li>Turned upright by their EXIF orientation: ${groupDigits(turned)} pictures</li>`}
        ${passedOver.map(
          ({ count, ending, reason, example }) =>
            html`<li>
              Passed over: ${groupDigits(count)} ${count === 1 ? 'file' : 'files'} ${ending}, ${reason}, such as
              <code>${example}</code>
            </li>`,
        )}
      </ul>
    </details>`;
  return html`<h3>${dataset.name}</h3>
    <dl class="facts">
      <dt>source</dt>
      <dd>${dataset.chosen}${dataset.fallback && html` <span class="badge bad">stand-in</span>`}</dd>
      <dt>images</dt>
      <dd>
        ${splits.map(([name, split]) => `${groupDigits(split.count)} ${name}`).join(', ')}; ${sizeOf(dataset)};
        ${dataset.classes.length === 0 ? 'no classes' : `${dataset.classes.length} classes`}
      </dd>
      <dt>set aside</dt>
      <dd>${quarantine.length === 0 ? 'none' : `${quarantine.length} unreadable`}</dd>
      <dt>digest</dt>
      <dd><code class="digest">${dataset.digest}</code></dd>
    </dl>
    ${remarks}${sheetOf(dataset)}${byClass}${reading}${set}`;
}

function sizeOf({ image, sizes }: DatasetFacts): string {
  if (image.encoding !== 'jpeg') return `${image.height} × ${image.width} × ${image.channels}`;
  const range = (which: 'height' | 'width'): string => {
    const { least, greatest } = sizes?.[which] ?? { least: 0, greatest: 0 };
    return least === greatest ? String(least) : `${least} to ${greatest}`;
  };
  return `JPEGs, ${range('height')} pixels high and ${range('width')} wide`;
}

function sheetOf({ name, sheet }: DatasetFacts): Markup {
  if (sheet === undefined) return html``;
  return html`<figure class="sheet">
    <img
      src="${trusted(pictureUri(sheet))}"
      alt="${`Some images of ${name}, a row for each of some classes.`}"
      loading="lazy"
    />
    <figcaption>Some images of ${name}</figcaption>
  </figure>`;
}

/** The resolved settings of every stage; seeds share them, variants may not. */
export function configuration(input: Results): Markup {
  const seen = new Map<string, string[]>();
  for (const row of input.rows) {
    const id = JSON.stringify([row.stage, row.uses, row.config]);
    const variants = seen.get(id) ?? [];
    if (!variants.includes(row.variant)) seen.set(id, [...variants, row.variant]);
  }
  const blocks = [...seen].map(([id, variants]) => {
    const [stage, uses, config] = JSON.parse(id) as [string, string, unknown];
    const whose = variants.length === input.variants.length ? 'all variants' : variants.join(', ');
    return html`<details>
      <summary>
        <strong>${stage}</strong> <span class="uses">${uses}</span> <span class="variant">${whose}</span>
      </summary>
      <pre tabindex="0">${JSON.stringify(config, null, 2)}</pre>
    </details>`;
  });
  return html`${blocks}`;
}

/** Machines that the head of a page names one by one. */
const mostMachines = 4;

/** Where results were computed, machine by machine with its GPU or processor; undefined where none of them says it. */
export function computedOn({ rows }: Results): string | undefined {
  const machines = new Set(
    rows.flatMap(({ run, reproducibility: facts }) => {
      if (run?.host === undefined) return [];
      const gpu = typeof facts?.engine === 'object' ? facts.engine.gpu : undefined;
      const processor = gpu ?? run.cpu;
      return [processor === undefined ? run.host : `${run.host} (${processor})`];
    }),
  );
  const [named, more] = [[...machines].slice(0, mostMachines), machines.size - mostMachines];
  return machines.size === 0 ? undefined : [...named, ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}

/** Time, place and digests of every stage that ran. */
export function reproducibility(input: Results): Markup {
  const times = input.rows.map(
    (row) =>
      html`<tr>
        <th scope="row">${row.stage}</th>
        <td>${row.variant}</td>
        <td class="number">${row.seed}</td>
        <td class="number">${row.run?.wallSeconds === undefined ? '–' : duration(row.run.wallSeconds)}</td>
        <td class="number">
          ${row.run?.peakMemoryBytes === undefined ? '–' : `${groupDigits(Math.round(row.run.peakMemoryBytes / 1e6))} MB`}
        </td>
        <td>${row.run?.cpu ?? '–'}</td>
        <td>${row.run?.host ?? '–'}</td>
        <td>${row.run?.started ?? '–'}</td>
      </tr>`,
  );
  const digests = input.rows
    .filter((row) => row.reproducibility !== undefined)
    .map((row) => {
      const facts = row.reproducibility;
      const entries: [string, string | undefined][] = [
        ['key', facts?.key],
        ['code', facts?.codeKey],
        ...Object.entries(facts?.inputs ?? {}).map(([role, digest]): [string, string] => [`needs ${role}`, digest]),
        ['output', facts?.outputDigest],
        ...Object.entries(facts?.blobs ?? {}).map(([name, digest]): [string, string] => [`blob ${name}`, digest]),
        ...engineFacts(facts?.engine),
        ...Object.entries(row.run?.facts ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
      ];
      const list = entries.flatMap(([name, value]) =>
        value === undefined
          ? []
          : [
              html`<dt>${name}</dt>
                <dd><code class="digest">${value}</code></dd>`,
            ],
      );
      return html`<details>
        <summary><strong>${row.stage}</strong> <span class="variant">${row.variant}, seed ${row.seed}</span></summary>
        <dl class="facts">${list}</dl>
      </details>`;
    });
  const ran = table({
    label: 'Run facts',
    caption: 'Where and how long each stage ran (not part of any key)',
    head: [
      { title: 'stage' },
      { title: 'variant' },
      { title: 'seed', number: true },
      { title: 'time', number: true },
      { title: 'peak memory', number: true },
      { title: 'processor' },
      { title: 'host' },
      { title: 'started' },
    ],
    body: times,
  });
  return html`${ran}${digests}`;
}

function engineFacts(engine: string | Readonly<Record<string, string>> | undefined): [string, string][] {
  if (engine === undefined) return [];
  return typeof engine === 'string'
    ? [['engine', engine]]
    : Object.entries(engine).map(([name, value]) => [`engine ${name}`, value]);
}
