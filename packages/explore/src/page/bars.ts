import { element } from './element.ts';

/** A row of a table: a name, a bar as long as a probability, and the number; `data-probability` has all its digits. */
export function bar(name: string, probability: number): HTMLTableRowElement {
  const inner = element('span');
  inner.style.inlineSize = `${100 * probability}%`;
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, name),
    element('td', { class: 'bar', 'aria-hidden': 'true' }, inner),
    element('td', { class: 'number', 'data-probability': probability }, `${(100 * probability).toFixed(1)} %`),
  );
}

/** Indices of values, the greatest first. */
export function ranked(values: Float32Array): number[] {
  return [...values.keys()].sort((a, b) => values[b]! - values[a]!);
}
