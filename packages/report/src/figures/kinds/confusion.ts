import { z } from 'zod';
import { pictureUri } from '../../images/picture-bytes.ts';
import { encodePng } from '../../images/png.ts';
import { html, trusted, type Markup } from '../../markup/html.ts';
import { table } from '../../markup/table.ts';
import { formatNumber } from '../../metrics/format.ts';
import { figureMaker, ofFirstSeeds, type FigureKind } from '../figure-kind.ts';

const schema = z.strictObject({
  /** What predicted; the name of the stage where absent. */
  title: z.string().optional(),
  classes: z.array(z.string()),
  /** `[true class][predicted class]`: counts of test images, or of their pixels. */
  matrix: z.array(z.array(z.int())),
  /** What is counted; images where absent. Of pixels, of which there are millions, shares are shown. */
  counted: z.enum(['images', 'pixels']).optional(),
});
export type Confusion = z.infer<typeof schema>;

/** Test images, or their pixels, by true class and prediction. */
export const confusion = figureMaker('confusion', schema);

const mostClassesInNumbers = 30;

export default {
  schema,
  section: { title: 'Confusion matrices', place: 50 },
  render(all, page) {
    const shown = page.entries === undefined ? all : ofFirstSeeds(all);
    const blocks = shown.map(({ row, data }, i) => {
      const caption = `${data.title ?? row.stage}, ${row.variant}, seed ${row.seed}`;
      return html`<details ${i === 0 && trusted('open')}>
        <summary>${row.stage} <span class="variant">${row.variant}, seed ${row.seed}</span></summary>
        ${confusionMatrix(data, caption)}
      </details>`;
    });
    return html`${blocks}`;
  },
} satisfies FigureKind<Confusion>;

/** A heat map with numbers: a row is a true class, a column a prediction; the shade is the root of the share of the row. */
function confusionMatrix(file: Confusion, caption: string): Markup {
  const { classes, matrix, counted = 'images' } = file;
  if (classes.length > mostClassesInNumbers) return manyClasses(file, caption);
  const head = classes.map((name) => html`<th scope="col"><span>${name}</span></th>`);
  const rows = matrix.map((row, actual) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    const cells = row.map((count, predicted) => {
      const share = total === 0 ? 0 : count / total;
      const title = `true ${classes[actual]}, predicted ${classes[predicted]}: ${count} of ${total} (${(100 * share).toFixed(1)} %)`;
      const text = counted === 'images' ? String(count) : (100 * share).toFixed(0);
      const zero = text === '0' ? ' zero' : '';
      return html`<td
        class="${actual === predicted ? 'hit' : 'miss'}${zero}"
        style="--shade:${(75 * Math.sqrt(share)).toFixed(1)}%"
        title="${title}"
      >
        ${text}
      </td>`;
    });
    const recall = total === 0 ? '–' : `${((100 * (row[actual] ?? 0)) / total).toFixed(1)} %`;
    return html`<tr>
      <th scope="row">${classes[actual]}</th>
      ${cells}
      <td class="recall">${recall}</td>
    </tr>`;
  });
  return table({
    label: `Confusion matrix, ${caption}`,
    caption:
      counted === 'images'
        ? `${caption}: images by true class (row) and prediction (column)`
        : `${caption}: pixels of each true class (row) by prediction (column), in %`,
    className: 'confusion',
    head: html`<tr>
      <td></td>
      ${head}
      <th scope="col" class="recall"><span>right</span></th>
    </tr>`,
    body: rows,
  });
}

/** Too many classes for numbers: a picture of the shares, and the confusions that happen most. */
function manyClasses({ classes, matrix }: Confusion, caption: string): Markup {
  const n = classes.length;
  const pixels = new Uint8Array(n * n);
  const pairs: { count: number; actual: number; predicted: number }[] = [];
  matrix.forEach((row, actual) => {
    const total = Math.max(
      1,
      row.reduce((sum, count) => sum + count, 0),
    );
    row.forEach((count, predicted) => {
      pixels[actual * n + predicted] = Math.round(255 * (1 - Math.sqrt(count / total)));
      if (actual !== predicted && count > 0) pairs.push({ count, actual, predicted });
    });
  });
  pairs.sort((a, b) => b.count - a.count || a.actual - b.actual || a.predicted - b.predicted);
  const rows = pairs.slice(0, 20).map(
    (p) =>
      html`<tr>
        <td>${classes[p.actual]}</td>
        <td>${classes[p.predicted]}</td>
        <td class="number">${formatNumber(p.count)}</td>
      </tr>`,
  );
  const alt = `Confusion matrix of ${n} classes, dark where many images of a true class (row) got a prediction (column).`;
  return html`<figure class="pixels">
      <figcaption>${caption}: rows are true classes, columns predictions</figcaption>
      <img src="${trusted(pictureUri(encodePng(pixels, n, n, 1)))}" alt="${alt}" width="${Math.max(n, 300)}" />
    </figure>
    ${table({
      label: 'Most frequent confusions',
      caption: 'Most frequent confusions',
      head: [{ title: 'true class' }, { title: 'predicted' }, { title: 'images' }],
      body: rows,
    })}`;
}
