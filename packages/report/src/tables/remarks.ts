import type { Results } from '../input.ts';
import { html, type Markup } from '../markup/html.ts';
import { meanText, type MetricValues } from '../metrics/gather.ts';

/** Mean and deviation with a mark where something must be known beside them. */
export function markedMean(values: MetricValues): Markup {
  const text = meanText(values);
  if (values.remarks.length === 0) return html`${text}`;
  const what = values.remarks.join(' ');
  return html`${text} <a class="remark" href="#remarks" title="${what}" aria-label="${`Remark: ${what}`}">⚠</a>`;
}

/** What the marks beside numbers stand for, and which stages gave those numbers. */
export function remarkList({ rows, variants }: Results): Markup {
  const found = new Map<string, Map<string, Set<string>>>();
  for (const { remarks = [], stage, variant, metrics } of rows) {
    if (metrics.length === 0) continue;
    for (const { message } of remarks) {
      const stages = found.get(message) ?? new Map<string, Set<string>>();
      found.set(message, stages.set(stage, (stages.get(stage) ?? new Set()).add(variant)));
    }
  }
  if (found.size === 0) return html``;
  const items = [...found].map(([message, stages]) => {
    const whose = [...stages].map(([stage, own]) =>
      own.size === variants.length ? stage : `${stage} (${[...own].join(', ')})`,
    );
    return html`<li>⚠ ${message} <span class="note">${whose.join('; ')}</span></li>`;
  });
  return html`<ul class="remarks banner" id="remarks" aria-label="Remarks on numbers">
    ${items}
  </ul>`;
}
