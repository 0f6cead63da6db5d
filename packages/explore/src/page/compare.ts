import { lineChart } from '@selfsup/report/charts';
import { formatDeviation, formatValue, meanAndDeviation, percentSign } from '@selfsup/report/format';
import type { ComparedNumber, ComparisonData } from '../comparison-data.ts';
import { element } from './element.ts';

// Begins when it is run: the page of a comparison has no other entry.
const main = document.querySelector('main')!;
const data = JSON.parse(document.getElementById('page')!.textContent) as ComparisonData;
const quantities = [...new Set(data.numbers.map(({ quantity }) => quantity))];
const quantity = element('select', { id: 'quantity' }, ...quantities.map((name) => element('option', {}, name)));
const systems = choice('Systems', data.systems);
const seeds = choice('Seeds', data.seeds.map(String));
let layers = choice('Layers', []);
const shown = element('div', { 'aria-live': 'polite' });

if (quantities.length === 0) {
  // Nothing to choose from.
  main.append(element('p', {}, 'Nothing that is compared was measured yet.'));
} else {
  main.append(
    element('p', {}, element('label', { for: 'quantity' }, 'What was measured '), quantity),
    systems.place,
    seeds.place,
    layers.place,
    shown,
  );
  quantity.addEventListener('change', chooseQuantity);
  chooseQuantity();
}
main.setAttribute('aria-busy', 'false');

/** Boxes to tick, all of them ticked at first. */
function choice(title: string, names: readonly string[]) {
  const boxes = names.map((name) => {
    const box = element('input', { type: 'checkbox', checked: true, value: name });
    box.addEventListener('change', show);
    return box;
  });
  const labels = boxes.map((box) => element('label', {}, box, ` ${box.value}`));
  const place = element(
    'fieldset',
    { class: 'choice', hidden: names.length < 2 },
    element('legend', {}, title),
    ...labels,
  );
  return { place, chosen: () => boxes.filter(({ checked }) => checked).map(({ value }) => value) };
}

/** Offers the layers of what was measured. */
function chooseQuantity(): void {
  const names = numbersOf().map(({ layer }) => layer ?? '');
  const before = layers.place;
  layers = choice(
    'Layers',
    [...new Set(names)].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })),
  );
  before.replaceWith(layers.place);
  show();
}

function numbersOf(): ComparedNumber[] {
  return data.numbers.filter((one) => one.quantity === quantity.value);
}

function show(): void {
  const numbers = numbersOf().filter(({ seed }) => seeds.chosen().includes(String(seed)));
  const columns = layers.chosen();
  const rows = systems.chosen().flatMap((system) => {
    const cells = columns.map((layer) => {
      const values = numbers.filter((one) => one.system === system && (one.layer ?? '') === layer);
      return values.length === 0 ? undefined : meanAndDeviation(values.map(({ value }) => value));
    });
    return cells.every((cell) => cell === undefined) ? [] : [{ system, cells }];
  });
  const [about] = numbers;
  if (about === undefined || rows.length === 0)
    return shown.replaceChildren(element('p', {}, 'Nothing of that was measured.'));
  shown.replaceChildren(tableOf(about, columns, rows), ...(columns.length > 1 ? [chartOf(about, columns, rows)] : []));
}

type Cell = ReturnType<typeof meanAndDeviation> | undefined;
interface Row {
  readonly system: string;
  readonly cells: readonly Cell[];
}

function tableOf({ unit, better }: ComparedNumber, columns: readonly string[], rows: readonly Row[]): HTMLElement {
  const best = columns.map((_, at) => {
    const means = rows.flatMap(({ cells }) => cells[at]?.mean ?? []);
    return better === 'neither' || means.length < 2
      ? undefined
      : better === 'more'
        ? Math.max(...means)
        : Math.min(...means);
  });
  const head = element('tr', {}, element('th', { scope: 'col' }, 'system'), ...columns.map((layer) => element('th', { scope: 'col', class: 'number' }, layer || 'value'))); // prettier-ignore
  const body = rows.map(({ system, cells }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, system),
      ...cells.map((cell, at) => {
        if (cell === undefined) return element('td', { class: 'number' }, '–');
        const { mean, deviation } = cell;
        const text = `${formatValue(unit, mean)}${deviation === undefined ? '' : ` ± ${formatDeviation(unit, deviation)}`}`;
        return element('td', { class: 'number' }, mean === best[at] ? element('b', {}, text) : text);
      }),
    ),
  );
  const caption = element('caption', {}, `${quantity.value}${percentSign(unit)}; the best of each column is bold`);
  const table = element('table', {}, caption, element('thead', {}, head), element('tbody', {}, ...body));
  return element('div', { class: 'scroll', role: 'region', 'aria-label': quantity.value, tabindex: 0 }, table);
}

function chartOf({ unit }: ComparedNumber, columns: readonly string[], rows: readonly Row[]): Node {
  const markup = lineChart({
    title: quantity.value,
    ...{ xLabel: 'layer', yLabel: `value${percentSign(unit)}`, xNames: columns },
    series: rows.map(({ system, cells }) => ({
      name: system,
      colour: data.systems.indexOf(system),
      points: cells.flatMap((cell, x) => (cell === undefined ? [] : [[x, cell.mean, cell.deviation] as const])),
    })),
  });
  // Every text in it is escaped by its maker.
  return document.createRange().createContextualFragment(markup.text);
}
