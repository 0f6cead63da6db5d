import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Payloads of the records of all event files (TFRecord: length, its checksum, payload, its checksum), as text. */
export function eventRecords(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    if (!name.includes('tfevents')) return [];
    const bytes = readFileSync(join(folder, name));
    const records: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = Number(bytes.readBigUInt64LE(at));
      records.push(bytes.toString('latin1', at + 12, at + 12 + length));
      at += 12 + length + 4;
    }
    return records;
  });
}

/** How many scalars there are of each tag. */
export function eventTags(folder: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const record of eventRecords(folder)) {
    const tag = /(?:train|epoch|test)\/[\w -]+/.exec(record)?.[0];
    if (tag !== undefined) counts[tag] = (counts[tag] ?? 0) + 1;
  }
  return counts;
}
