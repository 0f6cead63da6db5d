import { html, type Markup } from '../markup/html.ts';
import type { Shown } from './figure-kind.ts';

/** A block per stage, variant and seed; the first seed of each variant is open, others are folded. */
export function blocksByRow<Data>(shown: readonly Shown<Data>[], draw: (data: Data) => Markup): Markup {
  const seen = new Set<string>();
  const blocks = shown.map(({ row, data }) => {
    const id = `${row.stage} ${row.variant}`;
    const title = html`${row.stage} <span class="variant">${row.variant}, seed ${row.seed}</span>`;
    if (seen.has(id))
      return html`<details>
        <summary>${title}</summary>
        ${draw(data)}
      </details>`;
    seen.add(id);
    return html`<h3>${title}</h3>
      ${draw(data)}`;
  });
  return html`${blocks}`;
}
