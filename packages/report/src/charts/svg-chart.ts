import { escapeText, html, trusted, type Markup } from '../markup/html.ts';
import { formatNumber } from '../metrics/format.ts';

export interface Series {
  readonly name: string;
  /** Place in the palette, from 0; the same thing has the same colour on the whole page. */
  readonly colour: number;
  /** 0 is a full line; further numbers are dash patterns, so that seeds differ without colour. */
  readonly dash?: number;
  /** A reference that stands in several charts: grey and thin, told apart by its dashes, whose number this is. */
  readonly reference?: number;
  /** With a deviation a point has a whisker of that length up and down. */
  readonly points: readonly (readonly [x: number, y: number, deviation?: number | undefined])[];
}

export interface LineChart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** Where x is a place in a list rather than a quantity: what stands there, such as layers. */
  readonly xNames?: readonly string[] | undefined;
  /** Ends that the y axis has at least, so that charts beside each other have one scale. */
  readonly yRange?: readonly [low: number, high: number] | undefined;
  /** The same of the x axis. */
  readonly xRange?: readonly [low: number, high: number] | undefined;
}

const width = 460;
const height = 280;
const margin = { top: 12, right: 14, bottom: 42, left: 58 };
const dashes = ['', '6 3', '2 3', '9 3 2 3'];
const referenceDashes = ['1 4', '8 4', '3 2', '10 3 2 3', '5 6', ''];

/** Round numbers that cover `low..high` with about `count` steps; the first and last enclose the range. */
export function ticks(low: number, high: number, count = 5): number[] {
  if (low === high) return low === 0 ? [0, 1] : ticks(Math.min(0, low * 2), Math.max(0, low * 2), count);
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999) as number;
  const places = Math.max(0, 2 - Math.floor(Math.log10(step)));
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toFixed(places)));
}

/** A chart of lines over a common x axis: axes, grid, points with their values on hover, legend below. */
export function lineChart(chart: LineChart): Markup {
  const series = chart.series
    .map((one) => ({ ...one, points: one.points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y)) }))
    .filter((one) => one.points.length > 0);
  if (series.length === 0) return html``;
  const xs = [...series.flatMap((one) => one.points.map(([x]) => x)), ...(chart.xRange ?? [])];
  const ys = [...extent(series), ...(chart.yRange ?? [])];
  const xTicks =
    chart.xNames?.map((_, i) => i) ??
    ticks(least(xs), greatest(xs), 6).filter((x) => x >= least(xs) && x <= greatest(xs));
  const yTicks = ticks(least(ys), greatest(ys));
  const [x0, x1] = xRange(chart, xs);
  const [y0, y1] = [yTicks[0] as number, yTicks.at(-1) as number];
  const px = (x: number) => margin.left + ((x - x0) / (x1 - x0)) * (width - margin.left - margin.right);
  const py = (y: number) => height - margin.bottom - ((y - y0) / (y1 - y0)) * (height - margin.top - margin.bottom);

  const grid = yTicks.map((y) => {
    const at = py(y).toFixed(1);
    const label = `<text class="tick" x="${margin.left - 8}" y="${at}" dy="0.35em" text-anchor="end">${formatNumber(y)}</text>`;
    return `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${at}" y2="${at}"/>${label}`;
  });
  const xAxis = xTicks.map(
    (x) =>
      `<text class="tick" x="${px(x).toFixed(1)}" y="${height - margin.bottom + 18}" text-anchor="middle">${xText(chart, x)}</text>`,
  );
  const axisLine = `<line class="axis" x1="${margin.left}" x2="${width - margin.right}" y1="${py(y0)}" y2="${py(y0)}"/>`;
  const labels =
    `<text class="label" x="${(margin.left + width - margin.right) / 2}" y="${height - 6}" text-anchor="middle">${escapeText(chart.xLabel)}</text>` +
    `<text class="label" transform="translate(13 ${(height - margin.bottom + margin.top) / 2}) rotate(-90)" text-anchor="middle">${escapeText(chart.yLabel)}</text>`;
  const lines = series.map((one) => drawSeries(one, px, py, chart));
  const picture = `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(describe(chart, series))}">${grid.join('')}${axisLine}${xAxis.join('')}${labels}${lines.join('')}</svg>`;
  return html`<figure class="chart">
    <figcaption>${chart.title}</figcaption>
    ${trusted(picture)}${legend(series)}
  </figure>`;
}

/** Lowest and highest y of several lines with their whiskers; empty where there is no point. */
export function extent(series: readonly Series[]): number[] {
  const ys = series.flatMap((one) => one.points.flatMap(([, y, deviation = 0]) => [y - deviation, y + deviation]));
  const finite = ys.filter(Number.isFinite);
  return finite.length === 0 ? [] : [least(finite), greatest(finite)];
}

function xRange({ xNames }: LineChart, xs: readonly number[]): [number, number] {
  if (xNames !== undefined) return [-0.3, xNames.length - 0.7];
  return least(xs) === greatest(xs) ? [least(xs) - 1, least(xs) + 1] : [least(xs), greatest(xs)];
}

/** An x as it is read: escaped. */
function xText({ xNames }: LineChart, x: number): string {
  return escapeText(xNames === undefined ? formatNumber(x) : (xNames[x] ?? ''));
}

/** The names beside samples of their lines. */
function legend(series: readonly Series[]): Markup {
  const entries = series.map((one) => {
    const line = `<svg class="swatch" viewBox="0 0 24 8" aria-hidden="true"><line x1="0" x2="24" y1="4" y2="4" ${stroke(one)}/></svg>`;
    return html`<li>${trusted(line)}${one.name}</li>`;
  });
  return html`<ul class="legend">
    ${entries}
  </ul>`;
}

function drawSeries(one: Series, px: (x: number) => number, py: (y: number) => number, chart: LineChart): string {
  const at = one.points.map(([x, y, deviation]) => [px(x).toFixed(1), py(y).toFixed(1), x, y, deviation] as const);
  const path = at.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x} ${y}`).join('');
  // Past some hundred points the targets would overlap and only make the page heavy.
  const every = Math.ceil(at.length / 120);
  const marks = at
    .filter((_, i) => i % every === 0 || i === at.length - 1)
    .map(([x, y, xValue, yValue, deviation]) => {
      const spread = deviation === undefined ? '' : ` ± ${deviation.toFixed(2)}`;
      const title = `${escapeText(`${one.name}, ${chart.xLabel}`)} ${xText(chart, xValue)}: ${formatNumber(yValue)}${spread}`;
      const dot = at.length <= 30 ? `<circle class="point ${ink(one)}" cx="${x}" cy="${y}" r="2.6"/>` : '';
      const whisker =
        deviation === undefined
          ? ''
          : `<line class="whisker ${ink(one)}" x1="${x}" x2="${x}" y1="${py(yValue - deviation).toFixed(1)}" y2="${py(yValue + deviation).toFixed(1)}"/>`;
      return `<g class="mark">${whisker}${dot}<circle class="target" cx="${x}" cy="${y}" r="8"><title>${title}</title></circle></g>`;
    });
  return `<path d="${path}" fill="none" ${stroke(one)}/>${marks.join('')}`;
}

/** The class that says the colour. */
function ink({ reference, colour }: Series): string {
  return reference === undefined ? `c${colour % 8}` : 'ref';
}

function stroke(one: Series): string {
  const [patterns, place] = one.reference === undefined ? [dashes, one.dash ?? 0] : [referenceDashes, one.reference];
  const dash = patterns[place % patterns.length] as string;
  return `class="line ${ink(one)}"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}`;
}

function describe(chart: LineChart, series: readonly Series[]): string {
  const ends = series.map((one) => {
    const [first, last] = [one.points[0], one.points.at(-1)];
    return `${one.name} from ${formatNumber(first?.[1] ?? NaN)} to ${formatNumber(last?.[1] ?? NaN)}`;
  });
  return `${chart.title}: ${chart.yLabel} over ${chart.xLabel}; ${ends.join('; ')}.`;
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b));
}

function greatest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b));
}
