export { publishedEntrySchema, resolvePublished, type PublishedEntry } from './published/entry.ts';
export { publishedCell, publishedTable, publishedTables, type PublishedCell } from './published/find.ts';
export type { PublishedTable } from './published/schema.ts';
export { wholeTables } from './published/whole-tables.ts';
