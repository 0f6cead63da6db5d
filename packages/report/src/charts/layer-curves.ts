import type { PublishedNumber, Results } from '../input.ts';
import { html, type Markup } from '../markup/html.ts';
import { familiesOf, familyTitle, type FamilyMember, type ProtocolFamily } from '../metrics/families.ts';
import { percentSign } from '../metrics/format.ts';
import { valuesOf, type Metrics } from '../metrics/gather.ts';
import { measureTitle, nameIn, type Measure, type Protocol } from '../metrics/protocols.ts';
import { methodOf } from '../tables/family-tables.ts';
import { panelsOf, type Arranged, type Panel } from './panels.ts';
import { extent, lineChart, type Series } from './svg-chart.ts';

/** Variants of an experiment or entries of a comparison, and what the literature has beside them. */
type Compared = Results & {
  readonly published: readonly PublishedNumber[];
  readonly entries?: readonly Arranged[] | undefined;
};

/** More measures than this are read in tables: clustering has seven, retrieval nine. */
const mostCharted = 3;
/** Colours but the last, which is the grey of references. */
const colours = 7;

/**
 * One chart for each family of protocols of several layers: the first measure, by the first protocol of the family, after the last
 * epoch; a line for each entry. Where entries have groups, one chart of the same scale for each group. The other measures
 * are folded; of a family of several protocols, or of many measures, they stand in tables alone.
 */
export function layerCurves(input: Compared, metrics: Metrics, protocols: readonly Protocol[]): Markup {
  const panels = panelsOf(input.entries ?? input.variants.map((label) => ({ label })));
  const first: Markup[] = [];
  const folded: Markup[] = [];
  for (const family of familiesOf(protocols)) {
    const [member] = family.members as [FamilyMember];
    if (member.protocol.layers.length < 2) continue;
    const [measure, ...others] = member.protocol.measures.filter(({ epoch }) => epoch === undefined);
    if (measure === undefined) continue;
    const draw = (what: Measure): Markup => chartsOf(input, metrics, family, member, what, panels);
    (family.aside ? folded : first).push(draw(measure));
    if (family.members.length === 1 && others.length < mostCharted) folded.push(...others.map(draw));
  }
  const arranged = (charts: readonly Markup[]): Markup =>
    panels.length > 1 ? html`${charts}` : html`<div class="charts">${charts}</div>`;
  if (first.length + folded.length === 0) return html``;
  return html`${first.length > 0 && arranged(first)}${
    folded.length > 0 &&
    html`<details>
      <summary>Further measures over the layers</summary>
      ${arranged(folded)}
    </details>`
  }`;
}

/** The chart of one measure; with several panels one for each, under a title. */
function chartsOf(
  input: Compared,
  metrics: Metrics,
  family: ProtocolFamily,
  { parameter, protocol }: FamilyMember,
  measure: Measure,
  panels: readonly Panel[],
): Markup {
  const { layers } = protocol;
  const names = layers.map((layer) => nameIn(protocol, layer, measure));
  const lines = panels.map((panel) => [
    ...seriesOf(input, metrics, names, panel),
    ...published(input, names, panel, panels),
  ]);
  const title = `${familyTitle(family)}${parameter === '' ? '' : `, ${parameter}`}: ${measureTitle(measure)}`;
  const yLabel = `${measureTitle(measure)}${percentSign(measure.unit)}`;
  const [low = 0, high = 1] = extent(lines.flat());
  const charts = panels.map((panel, i) =>
    lineChart({
      title: panel.title === '' ? title : panel.title,
      ...{ xLabel: 'layer', yLabel, xNames: layers, series: lines[i] as Series[], yRange: [low, high] },
    }),
  );
  if (panels.length === 1) return html`${charts}`;
  return html`<h3>${title}</h3>
    <div class="charts">${charts}</div>`;
}

function seriesOf(
  input: Compared,
  metrics: Metrics,
  names: readonly string[],
  { title, members, references }: Panel,
): Series[] {
  const points = (label: string): Series['points'] =>
    names.flatMap((metric, x) => {
      const values = valuesOf(metrics, metric, label);
      return values === undefined ? [] : [[x, values.mean, values.deviation] as const];
    });
  const ours = members.map((name, place): Series => {
    const colour = title === '' ? input.variants.indexOf(name) : place;
    // A second round of the colours has other dashes.
    return title === '' || place < colours
      ? { name, colour, points: points(name) }
      : { name, colour: place % colours, dash: 1 + Math.floor(place / colours), points: points(name) };
  });
  return [...ours, ...references.map((name, reference) => ({ name, colour: 7, reference, points: points(name) }))];
}

/** Dashed lines: what the literature has by this very protocol, in the panel of its entry, in the first where it is of none. */
function published(input: Compared, names: readonly string[], panel: Panel, panels: readonly Panel[]): Series[] {
  const series = new Map<string, { name: string; colour: number; points: [number, number][] }>();
  for (const number of input.published) {
    const { metric, variant, value, comparable } = number;
    const x = names.indexOf(metric);
    if (comparable !== true || x < 0) continue;
    const home = panels.find(({ members }) => variant !== undefined && members.includes(variant)) ?? panels[0];
    if (home !== panel) continue;
    const name = `${methodOf(number)}, published`;
    const own = (panel.title === '' ? input.variants : panel.members).indexOf(variant ?? '');
    const one = series.get(name) ?? {
      name,
      colour: own < 0 ? panel.members.length + series.size : own,
      points: [],
    };
    series.set(name, one);
    one.points.push([x, value]);
  }
  return [...series.values()].map((one) => ({ ...one, dash: 1, points: one.points.sort(([a], [b]) => a - b) }));
}
