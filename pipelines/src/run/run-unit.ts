import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { cpus, hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { cluster } from '@selfsup/engine/cluster';
import { writeAtomically } from '@selfsup/kit/files';
import { acquireLease, type Lease } from '@selfsup/kit/lease';
import type { Progress } from '@selfsup/kit/progress';
import type { StageResult } from '@selfsup/kit/stage';
import { duration } from '@selfsup/kit/units';
import type { Stage } from '../declare/stage.ts';
import { isPublished } from '../keys/decide.ts';
import { placeDifferences, placesApart, type Place } from '../keys/place.ts';
import { pushAtEnd } from '../remotes/push-at-end.ts';
import { isComplete, readManifest, type Manifest, type RunRecord } from '../store/manifest.ts';
import { publish, putInPlace, sweepScratch } from '../store/publish.ts';
import { filesBelow } from '../store/store.ts';
import { damageIn } from '../store/sums.ts';
import { tellUnfinished } from '../store/tell-unfinished.ts';
import { fittingOf, listUnfinished, openAttempt, type Unfinished, type Wanted } from '../store/unfinished.ts';
import { detach } from './detach.ts';
import { unbroken, type Session } from './session.ts';

/** The work of a stage that was decided to be computed. */
export interface Work {
  readonly manifest: Omit<Manifest, 'schema' | 'places' | 'acceptedFrom' | 'blobs' | 'files' | 'outputDigest'>;
  /** Where it is computed; undefined where that has no influence. */
  readonly place: Place | undefined;
  /** Anew in any case. */
  readonly force: boolean;
  /** Does the work in a folder that survives interruption. */
  run(folder: string): Promise<StageResult>;
}

export type Outcome = 'fresh' | 'computed' | 'shared';

/**
 * Computes a stage under a lease on its work folder, from where an earlier attempt with the same key stopped, and
 * publishes it at the end. Attempts that do not fit stay where they are and are named. With `force` it is computed anew
 * in any case, from where an earlier attempt with `force` stopped; else it is 'fresh' where another process was first.
 */
export async function runUnit(session: Session, stage: Stage, work: Work): Promise<Outcome> {
  const progress = session.progress(stage.label);
  // Whoever loses the lease must not write into the folder any more, whatever its stage is busy with.
  const lease = await acquireLease(join(stage.workFolder, 'lease'), {
    signal: session.signal,
    endProcess: true,
    onWait: (owner) =>
      progress.note(
        `${owner === undefined ? 'Another process' : `Process ${owner.pid} on ${owner.host}`} is at this already; ` +
          'waiting for it. Should it give no sign of life for a minute, this command takes over.',
      ),
  });
  const outcome = await unbroken(() => underLease(session, stage, work, lease).finally(() => lease.release()));
  if (outcome !== 'fresh') await pushAtEnd(session, stage);
  return outcome;
}

async function underLease(session: Session, stage: Stage, work: Work, lease: Lease): Promise<Outcome> {
  const { manifest, place, force } = work;
  const { key, keyParts, code } = manifest;
  const { workFolder: folder, folder: published, store } = stage;
  const progress = session.progress(stage.label);
  await sweepScratch(folder, published);
  if (!force && (await isPublished(session, stage, { key, place }))) return 'fresh';
  const unfinished = await listUnfinished(folder);
  if (lease.fromSilent) for (const one of unfinished) await detach(one.folder);
  if (!force && (await shareResult(session, stage, work, lease))) return 'shared';
  const wanted: Wanted = { key, keyParts, code, place, exact: session.exact, force };
  const fitting = fittingOf(unfinished, wanted);
  for (const text of await tellUnfinished(unfinished, fitting, wanted, stage.named)) progress.note(text);
  const { folder: workedIn, attempt } = await openAttempt(folder, fitting, wanted);
  tellPlaces(progress, fitting, place);
  const files = join(workedIn, 'files');
  const startedAt = new Date();
  // A clock that is set meanwhile says nothing of how long it took.
  const began = performance.now();
  progress.note('started');
  const result = await work.run(files).catch(async (cause: unknown) => {
    if ((await filesBelow(files)).length === 0) await rm(workedIn, { recursive: true, force: true });
    throw cause;
  });
  // The few images of a dry run say nothing of the whole.
  if (session.dryRunFolder === undefined) for (const { message } of result.remarks ?? []) progress.warn(message);
  const run: RunRecord = {
    started: startedAt.toISOString(),
    finished: new Date().toISOString(),
    wallSeconds: (performance.now() - began) / 1000,
    host: hostname(),
    cpu: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    processes: cluster()?.size,
    place,
    facts: result.facts,
  };
  await publish(result, {
    folder: published,
    store,
    scratch: folder,
    manifest: { ...manifest, acceptedFrom: attempt.acceptedFrom, places: attempt.places },
    run,
    confirm: () => lease.confirm(),
  });
  await writeAtomically(indexPath(store, key), JSON.stringify({ folder: published }));
  await rm(workedIn, { recursive: true, force: true });
  progress.note(`done in ${duration(run.wallSeconds)}`);
  return 'computed';
}

/** Says where work that is resumed was begun elsewhere. */
function tellPlaces(progress: Progress, found: Unfinished | undefined, here: Place | undefined): void {
  const places = found?.attempt?.places ?? [];
  const apart = here === undefined || places.length === 0 ? [] : placesApart([...places, here]);
  if (apart.length === 0) return;
  progress.note(
    `goes on with what was begun elsewhere (${apart.join('; ')}): its last bits may differ from those of a run in one ` +
      'place. The manifest names all of them.',
  );
}

function indexPath(store: string, key: string): string {
  return join(store, 'keys', key.slice(0, 2), `${key}.json`);
}

/** Takes over the result of another variant or experiment with the very same key, where it is published and whole. */
async function shareResult(session: Session, stage: Stage, work: Work, lease: Lease): Promise<boolean> {
  const { folder: published, workFolder: scratch, store } = stage;
  const { key } = work.manifest;
  let other: string;
  try {
    other = (JSON.parse(await readFile(indexPath(store, key), 'utf8')) as { folder: string }).folder;
  } catch {
    return false;
  }
  if (other === published || !existsSync(other)) return false;
  const manifest = readManifest(other);
  if (manifest?.key !== key || !(await isComplete(manifest, other, store))) return false;
  if (session.exact && placeDifferences(manifest.places, work.place).length > 0) return false;
  const fresh = join(scratch, `publish-shared`);
  await cp(other, fresh, { recursive: true });
  if (readManifest(fresh)?.key !== key || damageIn(fresh) !== undefined) return false;
  await mkdir(dirname(published), { recursive: true });
  await lease.confirm();
  await putInPlace(fresh, published, scratch);
  session.progress(stage.label).note('same key as a result that is there already: taken from it');
  return true;
}
