import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import type { PublishedNumber } from '../input.ts';
import { publishedCell, type PublishedCell } from './find.ts';

/**
 * One entry of `about.published`: cells of a row of a published table, each beside a metric of ours; or a number that
 * stands in no table, with its source. `whose` is the key that says whose metrics are meant, with its schema.
 */
export function publishedEntrySchema<W extends z.ZodRawShape>(whose: W) {
  const common = {
    comparable: z.boolean().optional().describe('Whether ours is made by the same protocol; not unless it is said'),
    note: z.string().optional(),
    ...whose,
  };
  const ofTable = z.strictObject({
    row: z
      .string()
      .regex(/^[a-z0-9.-]+\/[a-z0-9.-]+$/, 'must be <table>/<row>')
      .describe('A row of a published table: <table>/<row>, such as aet-cifar10/rotnet-conv'),
    metrics: z.record(z.string(), z.string()).describe('Column of the table to the metric of ours beside it'),
    ...common,
  });
  const ofItself = z.strictObject({
    metric: z.string(),
    value: z.number(),
    unit: z.string().optional(),
    source: z.string(),
    protocol: z.string().optional(),
    ...common,
  });
  return z.union([ofTable, ofItself]);
}

/** An entry as `resolvePublished` takes it. */
export type PublishedEntry = {
  readonly comparable?: boolean | undefined;
  readonly note?: string | undefined;
} & (
  | { readonly row: string; readonly metrics: Readonly<Record<string, string>> }
  | {
      readonly metric: string;
      readonly value: number;
      readonly unit?: string | undefined;
      readonly source: string;
      readonly protocol?: string | undefined;
    }
);

/**
 * The numbers that an entry stands for; error rates are turned into the accuracies that our metrics are. Throws `UserError`
 * for a row, column or cell that does not exist, for a metric that measures something else, and for one called comparable
 * though the table is of another kind of protocol, or of none of the datasets that ours was made on.
 */
export async function resolvePublished(
  entry: PublishedEntry,
  datasets: readonly string[],
): Promise<Omit<PublishedNumber, 'variant'>[]> {
  const comparable = entry.comparable ?? false;
  if (!('row' in entry)) {
    const { metric, value, unit, source, protocol = '', note } = entry;
    return [{ metric, value, unit, source, protocol, note, comparable }];
  }
  return Promise.all(
    Object.entries(entry.metrics).map(async ([column, metric]) => {
      const cell = await publishedCell(`${entry.row}/${column}`);
      if (comparable) refuseIncomparable(metric, cell, entry.row, datasets);
      const notes = [cell.note, entry.note].filter((note) => note !== undefined);
      const [table, row] = entry.row.split('/');
      return {
        metric,
        ...asOurs(metric, cell, entry.row),
        unit: cell.unit,
        protocol: cell.protocol,
        comparable,
        method: cell.method,
        table: `${table}/${column}`,
        row,
        remark: entry.note,
        note: notes.length > 0 ? notes.join('; ') : undefined,
      };
    }),
  );
}

/** What metrics of ours are called that measure such; those of accuracies and errors have many names. */
const metricEndings: Readonly<Record<string, RegExp>> = {
  'average-precision': /\/map(?:-11|-envelope)?$/,
  'mean-iu': /\/mean-iu$/,
};

/** An error of 8.84 % is an accuracy of 91.16 %. */
function asOurs(metric: string, cell: PublishedCell, row: string): { value: number; source: string } {
  const { value, source, measure } = cell;
  const endings = Object.entries(metricEndings);
  const ours = endings.find(([, ending]) => ending.test(metric))?.[0];
  if ((measure in metricEndings ? measure : undefined) !== ours)
    throw new UserError(`${row} gives ${measure}, which '${metric}' is not`, {
      remedy: 'Name the metric of ours that measures the same.',
    });
  if (measure !== 'error') return { value, source };
  return { value: Number((100 - value).toFixed(2)), source: `${source} (error ${value} %)` };
}

/** The heads that are a linear layer on frozen features, that search neighbours, and that are support vector machines. */
const heads: Readonly<Record<string, readonly string[]>> = {
  linear: ['linear', 'fc1'],
  'nearest-neighbour': ['knn', 'pretext'],
  svm: ['svm'],
};

function refuseIncomparable(metric: string, cell: PublishedCell, row: string, datasets: readonly string[]): void {
  const head = metric.split('/')[0] as string;
  const ours = Object.keys(heads).find((name) => heads[name]!.includes(head)) ?? 'non-linear';
  const remedy = 'Say "comparable": false, or choose a row of the same protocol.';
  if (cell.kind !== 'mixed' && cell.kind !== ours)
    throw new UserError(`${row} is ${cell.kind}, '${metric}' is ${ours}: they are not comparable`, { remedy });
  if (!cell.datasets.some((name) => datasets.includes(name)))
    throw new UserError(
      `${row} is of ${cell.datasets.join(' and ')}, ours of ${datasets.join(' and ')}: they are not comparable`,
      { remedy },
    );
}
