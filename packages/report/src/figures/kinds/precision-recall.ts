import { z } from 'zod';
import { lineChart } from '../../charts/svg-chart.ts';
import { html, type Markup } from '../../markup/html.ts';
import { figureMaker, ofFirstSeeds, type FigureKind, type FigurePage, type Shown } from '../figure-kind.ts';

const schema = z.strictObject({
  /** What was ranked and how it was judged; curves of one title share charts. */
  title: z.string(),
  classes: z.array(
    z.strictObject({
      name: z.string(),
      /** What there was to be found. */
      positives: z.int().min(0),
      /** Average precision in percent; null where there was nothing to be found. */
      ap: z.number().min(0).max(100).nullable(),
      /** Recall and precision from the best answer down, in [0, 1]. */
      points: z.array(z.tuple([z.number(), z.number()])),
    }),
  ),
});
export type PrecisionRecall = z.infer<typeof schema>;

/** Precision over recall for each class. */
export const precisionRecall = figureMaker('precision-recall', schema);

export default {
  schema,
  section: { title: 'Precision over recall', place: 52 },
  render(all, page) {
    const shown = ofFirstSeeds(all);
    const titles = [...new Set(shown.map(({ data }) => data.title))];
    return html`${titles.map((title, i) => chartsOf(title, shown, page, i === 0))}`;
  },
} satisfies FigureKind<PrecisionRecall>;

/** A chart for each class, a line in it for each variant. */
function chartsOf(title: string, all: readonly Shown<PrecisionRecall>[], page: FigurePage, open: boolean): Markup {
  const shown = all.filter(({ data }) => data.title === title);
  const names = [...new Set(shown.flatMap(({ data }) => data.classes.map(({ name }) => name)))];
  const charts = names.map((name) => {
    const own = shown.flatMap(({ row, data }) => {
      const found = data.classes.find((one) => one.name === name);
      return found === undefined ? [] : [{ row, found }];
    });
    const [first] = own;
    return lineChart({
      title: `${name} (${first?.found.positives ?? 0})`,
      xLabel: 'recall',
      yLabel: 'precision',
      xRange: [0, 1],
      yRange: [0, 1],
      series: own.map(({ row, found: { ap, points } }) => ({
        name: `${row.variant}: ${ap === null ? '–' : ap.toFixed(1)}`,
        colour: page.variants.indexOf(row.variant),
        points: thin(points),
      })),
    });
  });
  const block = html`<p class="note">
      In brackets the number of positives; beside each name its average precision in %.
    </p>
    <div class="charts">${charts}</div>`;
  if (open)
    return html`<h3>${title}</h3>
      ${block}`;
  return html`<details>
    <summary>${title}</summary>
    ${block}
  </details>`;
}

/** At most 150 points: more than a small chart has places for. Keeps the first and the last. */
function thin<Point>(points: readonly Point[]): readonly Point[] {
  const every = Math.ceil(points.length / 150);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
}
