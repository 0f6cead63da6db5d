import type { Metric } from '@selfsup/kit/metric';
import { html, type Markup } from '../markup/html.ts';
import { hasProtocol, measureTitle } from '../metrics/protocols.ts';

/** A metric's whole name, with places to break the line. */
export function breakableName(metric: string): Markup {
  return html`<code>${metric.split('/').flatMap((part, i) => (i === 0 ? [part] : ['/', html`<wbr />`, part]))}</code>`;
}

/** A metric in words: "linear on conv3, top-1" by the protocol asano, "voc-all, map" of a whole network. One that we never measured keeps its name. */
export function metricTitle(name: string, metric: Metric | undefined): Markup {
  if (metric === undefined) return breakableName(name);
  if (!hasProtocol(metric))
    return html`<span title="${name}">${name.split('/').join(', ').replaceAll('-', ' ')}</span>`;
  const where = metric.layer === undefined ? '' : ` on ${metric.layer}`;
  return html`<span title="${name}">${metric.head}${where}, ${measureTitle(metric)}</span>
    <span class="variant">protocol ${metric.protocol}</span>`;
}
