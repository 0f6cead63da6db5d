export { publishedEntrySchema, resolvePublished, type PublishedEntry } from './entry.ts';
export { publishedCell, publishedTable, publishedTables, type PublishedCell } from './find.ts';
export type { PublishedTable } from './schema.ts';
export { wholeTables } from './whole-tables.ts';
