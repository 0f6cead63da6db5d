import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UserError } from '@selfsup/kit/errors';
import { publishedTableSchema, type PublishedTable } from './schema.ts';

const folder = new URL('./tables/', import.meta.url);

/** One cell of a published table and all that belongs to it. */
export interface PublishedCell {
  readonly value: number;
  readonly unit: '%';
  readonly measure: PublishedTable['measure'];
  /** The datasets that the table is of, by the names that ours have. */
  readonly datasets: readonly string[];
  /** As the table calls it. */
  readonly method: string;
  readonly note?: string | undefined;
  /** Where it was read. */
  readonly source: string;
  readonly protocol: string;
  readonly kind: PublishedTable['protocol']['kind'];
}

/** Names of the tables there are. */
export function publishedTables(): string[] {
  return readdirSync(folder)
    .map((file) => file.replace(/\.ts$/, ''))
    .sort();
}

/** Reads a table by name. Throws `UserError` listing those there are. */
export async function publishedTable(name: string): Promise<PublishedTable> {
  const names = publishedTables();
  const file = new URL(`${name}.ts`, folder);
  if (!names.includes(name) || !existsSync(fileURLToPath(file)))
    throw new UserError(`There is no published table '${name}'`, { remedy: `There are: ${names.join(', ')}.` });
  const { default: table } = (await import(/* @vite-ignore */ file.href)) as { default: PublishedTable };
  return publishedTableSchema.parse(table);
}

/**
 * The number that `<table>/<row>/<column>` names, such as `deepcluster-linear/deepcluster/imagenet-conv3`. Throws `UserError`
 * for a table, row or column that does not exist, listing those that do, and for an empty cell.
 */
export async function publishedCell(reference: string): Promise<PublishedCell> {
  const [tableName = '', rowId = '', column = '', ...rest] = reference.split('/');
  if (rest.length > 0 || column === '')
    throw new UserError(`'${reference}' names no published number`, { remedy: 'Write <table>/<row>/<column>.' });
  const table = await publishedTable(tableName);
  const row = table.rows.find(({ id }) => id === rowId);
  if (row === undefined)
    throw new UserError(`Table '${tableName}' has no row '${rowId}'`, {
      remedy: `Its rows: ${table.rows.map(({ id }) => id).join(', ')}.`,
    });
  const at = table.columns.indexOf(column);
  if (at < 0)
    throw new UserError(`Table '${tableName}' has no column '${column}'`, {
      remedy: `Its columns: ${table.columns.join(', ')}.`,
    });
  const value = row.values[at] ?? null;
  if (value === null) throw new UserError(`Table '${tableName}' gives no ${column} for ${row.method}`);
  const { unit, measure, protocol } = table;
  const datasets = table.dataset.split(', ');
  const { method, note } = row;
  const source = `${method}: ${row.source ?? table.source}`;
  return { value, unit, measure, datasets, method, note, source, ...protocolFacts(protocol) };
}

function protocolFacts({ kind, summary }: PublishedTable['protocol']): Pick<PublishedCell, 'kind' | 'protocol'> {
  return { kind, protocol: `${kind}: ${summary}` };
}
