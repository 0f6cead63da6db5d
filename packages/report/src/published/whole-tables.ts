import type { WholeTable } from '../comparison-input.ts';
import type { PublishedNumber } from '../input.ts';
import { publishedTable } from './find.ts';

/** The tables of which two rows or more are among `numbers`: they are read as a whole, in order of their first number. */
export async function wholeTables(numbers: readonly PublishedNumber[]): Promise<WholeTable[]> {
  const rows = new Map<string, Set<string>>();
  for (const { table, row } of numbers) {
    const [name] = table?.split('/') ?? [];
    if (name === undefined || row === undefined) continue;
    rows.set(name, (rows.get(name) ?? new Set()).add(row));
  }
  const names = [...rows].filter(([, named]) => named.size > 1).map(([name]) => name);
  return Promise.all(names.map(async (name) => ({ name, table: await publishedTable(name) })));
}
