export { publishedEntrySchema, resolvePublished, type PublishedEntry } from './entry.ts';
export { wholeTables } from './whole-tables.ts';
