// npm run replay: what every pretext task gives after 20 steps, and every evaluation, compared digest by digest with what
// another commit, or the last record, gave on this machine. See docs/caching.md.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { repository, resolveCommit } from './checkout.ts';
import { differences } from './differences.ts';
import { placeHere } from './place.ts';
import type { ReplayRecord } from './record.ts';
import { replay } from './replay.ts';
import { unusedParts } from './unused-parts.ts';

const recordFile = join(repository, 'artifacts/replay/record.json');
const latestFile = join(repository, 'artifacts/replay/latest.json');

const { values } = parseArgs({
  options: { against: { type: 'string' }, record: { type: 'boolean' }, keep: { type: 'boolean' } },
});
const unused = await unusedParts();
if (unused.length > 0) fail(`No experiment of tests/replay/experiments uses ${unused.join(', ')}: add them to one.`);
const before = await reference();
const now = await run(undefined);
write(latestFile, now);
console.log(`Written: ${latestFile}`);
if (values.record === true) write(recordFile, now);
else if (before !== undefined) report(before, now);

/** What to compare with: a commit's record, made where there is none yet, else the recorded one. */
async function reference(): Promise<ReplayRecord | undefined> {
  if (values.against === undefined) return existsSync(recordFile) ? read(recordFile) : undefined;
  const commit = resolveCommit(values.against);
  if (commit === undefined) fail(`There is no commit '${values.against}'`);
  const cached = join(cacheFolder(), 'replay', `${commit}.json`);
  if (existsSync(cached) && read(cached).place === placeHere()) return read(cached);
  const record = await run(commit);
  write(cached, record);
  return record;
}

async function run(commit: string | undefined): Promise<ReplayRecord> {
  console.log(`Replay of ${commit ?? 'the files as they are now'}:`);
  try {
    return await replay(commit, values.keep ?? false);
  } catch (error) {
    fail((error as Error).message);
  }
}

function report(old: ReplayRecord, fresh: ReplayRecord): void {
  if (old.place !== fresh.place) {
    console.log(`Made at another place, so that only metrics are compared:\n  ${old.place}\n  ${fresh.place}`);
  }
  const lines = differences(old, fresh);
  for (const line of lines) console.log(line);
  const stages = Object.keys(fresh.stages).length;
  console.log(lines.length === 0 ? `Nothing differs in ${stages} stages and reports.` : `${lines.length} differences.`);
  if (lines.length > 0) process.exitCode = 1;
}

function cacheFolder(): string {
  return process.env['SELFSUP_CACHE'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'selfsup');
}

function read(file: string): ReplayRecord {
  return JSON.parse(readFileSync(file, 'utf8')) as ReplayRecord;
}

function write(file: string, record: ReplayRecord): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
