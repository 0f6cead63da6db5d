import type { StageRow } from '../input.ts';
import { html, type Markup } from '../markup/html.ts';

/** What the stages of one seed took together, a mean over seeds; undefined where there is none or one has no time. */
export function meanSeconds(rows: readonly StageRow[]): number | undefined {
  const seeds = new Set(rows.map(({ seed }) => seed));
  let sum = 0;
  for (const { run } of rows) {
    if (run?.wallSeconds === undefined) return undefined;
    sum += run.wallSeconds;
  }
  return seeds.size === 0 ? undefined : sum / seeds.size;
}

/** The first characters of the keys of up to three stages; all keys stand in full under Reproducibility. */
export function shortKeys(rows: readonly StageRow[]): Markup {
  const keys = rows.flatMap(({ reproducibility }) => (reproducibility === undefined ? [] : [reproducibility.key]));
  const shown = keys.slice(0, 3).map((key, i) => html`${i > 0 && ' '}<code>${key.slice(0, 8)}</code>`);
  return html`${shown}${keys.length > 3 && ` and ${keys.length - 3} more`}`;
}
