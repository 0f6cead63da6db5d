import { z } from 'zod';
import { html, type Markup } from '../../markup/html.ts';
import { table } from '../../markup/table.ts';
import { formatNumber } from '../../metrics/format.ts';
import { figureMaker, type FigureKind, type FigurePage, type Shown } from '../figure-kind.ts';

const schema = z.strictObject({
  /** What is measured, and by which protocol; scores of one title share a table. */
  title: z.string(),
  /** Of each class in percent, such as `AP` or `IU`. */
  measure: z.string(),
  /** What is counted beside it, such as `objects` or `pixels`. */
  counted: z.string(),
  classes: z.array(
    z.strictObject({
      name: z.string(),
      /** In percent; null where it is not defined, as without anything to be found. */
      score: z.number().min(0).max(100).nullable(),
      count: z.int().min(0),
    }),
  ),
});
export type ClassScores = z.infer<typeof schema>;

/** A score for each class, with the number of what it was measured on. */
export const classScores = figureMaker('class-scores', schema);

export default {
  schema,
  section: { title: 'By class', place: 48 },
  render(shown, page) {
    const titles = [...new Set(shown.map(({ data }) => data.title))];
    return html`${titles.map((title) =>
      tableOf(
        shown.filter(({ data }) => data.title === title),
        page,
      ),
    )}`;
  },
} satisfies FigureKind<ClassScores>;

/** The mean of those that are defined; nothing where none is. */
function mean(values: readonly (number | null | undefined)[]): number | undefined {
  const defined = values.filter((value) => typeof value === 'number');
  return defined.length === 0 ? undefined : defined.reduce((a, b) => a + b, 0) / defined.length;
}

/** A row for each class and one for their mean; a column for each variant, the mean over its seeds. */
function tableOf(shown: readonly Shown<ClassScores>[], { variants, seeds }: FigurePage): Markup {
  const { title, measure, counted } = shown[0]!.data;
  const named = new Map<string, number>();
  for (const { data } of shown)
    for (const { name, count } of data.classes) if (!named.has(name)) named.set(name, count);
  const columns = variants.filter((variant) => shown.some(({ row }) => row.variant === variant));
  const of = (variant: string) => shown.filter(({ row }) => row.variant === variant).map(({ data }) => data.classes);
  const cell = (value: number | undefined): Markup =>
    html`<td class="number">${value === undefined ? '–' : value.toFixed(1)}</td>`;
  const rows = [...named].map(([name, count]) => {
    const scores = columns.map((variant) =>
      cell(mean(of(variant).map((classes) => classes.find((one) => one.name === name)?.score))),
    );
    return html`<tr>
      <th scope="row">${name}</th>
      <td class="number">${formatNumber(count)}</td>
      ${scores}
    </tr>`;
  });
  const means = columns.map((variant) =>
    cell(mean(of(variant).map((classes) => mean(classes.map(({ score }) => score))))),
  );
  // An image that shows two classes is one of each: a sum of images would be of nothing.
  const all = counted !== 'images' && `${formatNumber([...named.values()].reduce((a, b) => a + b, 0))} in all`;
  const last = html`<tr>
    <th scope="row">mean</th>
    <td class="number">${all}</td>
    ${means}
  </tr>`;
  const scored = seeds.filter((seed) => shown.some(({ row }) => row.seed === seed));
  const over = scored.length > 1 ? `, mean over seeds ${scored.join(', ')}` : '';
  return table({
    label: `${measure} by class, ${title}`,
    caption: `${title}: ${measure} in %${over}`,
    head: [
      { title: 'class' },
      { title: counted, number: true },
      ...columns.map((variant) => ({ title: variant, number: true })),
    ],
    body: [...rows, last],
  });
}
