import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireLease, type Lease } from '@selfsup/kit/lease';

/** From what age on gc may remove something, in these attacks: longer than a pair takes to publish beside it. */
export const oldSeconds = 30;

const blobsOfOne = 8;
/** What the blobs of the junk begin with. Each set has one of these for itself. */
const groups = Array.from({ length: 16 }, (_, i) => (0xf0 + i).toString(16));

/** Waits until gc counts all that is at or below these paths as old: by when it last changed, which nobody can set back. */
export async function untilOld(paths: readonly string[]): Promise<void> {
  const all = paths.filter((path) => existsSync(path)).flatMap(withAllBelow);
  const changed = all.map((path) => lstatSync(path).ctimeMs);
  await sleep(Math.max(0, Math.max(0, ...changed) + (oldSeconds + 1) * 1000 - Date.now()));
}

function withAllBelow(path: string): string[] {
  if (!lstatSync(path).isDirectory()) return [path];
  return [path, ...readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name))];
}

/**
 * Lays what gc has to remove: blobs that nobody names, a copy that was not finished, unfinished work of nobody. It is made in
 * `stock`, many sets at once, and grows old there: moving the folders that it is in makes it no younger. Gives the paths.
 */
export async function layJunk(stock: string, artifacts: string): Promise<string[]> {
  const store = join(artifacts, 'store/sha256');
  const isFree = (group: string): boolean =>
    existsSync(join(stock, group)) && (!existsSync(join(store, group)) || readdirSync(join(store, group)).length === 0);
  if (!groups.some(isFree)) {
    rmSync(stock, { recursive: true, force: true });
    for (const group of groups) makeSet(join(stock, group), group);
  }
  const group = groups.find(isFree);
  if (group === undefined)
    throw new Error(`All of ${groups.join(', ')} are in use in ${store}: no junk can be laid there`);
  const set = join(stock, group);
  const names = readdirSync(join(set, 'blobs'));
  await untilOld([set]);
  const work = join(artifacts, 'work', `left-${randomBytes(4).toString('hex')}`);
  mkdirSync(store, { recursive: true });
  mkdirSync(dirname(work), { recursive: true });
  renameSync(join(set, 'blobs'), join(store, group));
  renameSync(join(set, 'work'), work);
  rmSync(set, { recursive: true });
  return [...names.map((name) => join(store, group, name)), join(work, attempt)];
}

const attempt = `base/seed-1/pretrain/${'5'.repeat(12)}`;

function makeSet(folder: string, group: string): void {
  const name = (): string => group + randomBytes(31).toString('hex');
  const names = [...Array.from({ length: blobsOfOne }, name), `.${name()}.0a1b2c3d.tmp`];
  for (const one of names) put(join(folder, 'blobs', one), 'named by nobody');
  put(join(folder, 'work', attempt, 'files/live'), 'of a process that is gone');
}

function put(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** Unfinished work that is old, but whose lease this process holds: gc has to leave it, from whatever PID namespace it looks. */
export async function holdWork(artifacts: string): Promise<{ readonly file: string; readonly lease: Lease }> {
  const unit = join(artifacts, 'work/held/base/seed-1/pretrain');
  const file = join(unit, '6'.repeat(12), 'files/live');
  mkdirSync(unit, { recursive: true });
  const lease = await acquireLease(join(unit, 'lease'));
  if (!existsSync(file)) put(file, 'of a process that is at work');
  await untilOld([dirname(dirname(file))]);
  return { file, lease };
}

/**
 * Lays a blob that nobody names, as of a stage that is about to publish it: gc has to leave it as long as it is young. `take` removes
 * it, and says whether it was there, or has got old meanwhile.
 */
export function layYoung(artifacts: string): { take(): boolean } {
  const digest = `ab${randomBytes(31).toString('hex')}`;
  const path = join(artifacts, 'store/sha256/ab', digest);
  put(path, 'about to be published');
  const laid = performance.now();
  return {
    take() {
      const isThere = existsSync(path);
      rmSync(path, { force: true });
      return isThere || performance.now() - laid > oldSeconds * 1000;
    },
  };
}
