import { UserError } from '@selfsup/kit/errors';
import type { Stage } from '../declare/stage.ts';
import { askedFor } from '../keys/decide.ts';
import type { Session } from '../run/session.ts';
import { readFacts, type ManifestFacts } from '../store/manifest.ts';
import { labelOf, publishedResults } from '../store/published-results.ts';
import { keyIn, listedPaths } from './listing.ts';
import { namePath } from './push.ts';
import { recordPath } from './record.ts';
import type { Remote } from './remote.ts';
import { withRetries } from './retry.ts';
import { severalAtOnce } from './several-at-once.ts';

/** Where a result is. */
export interface ResultStatus {
  /** `toy/base/seed-1/pretrain`, `data/few`. */
  readonly label: string;
  readonly here: boolean;
  /** Names of the remotes that have it: this very result where it is here, else one of this label. */
  readonly there: readonly string[];
  /** Whether a remote has other bits of the very same key. */
  readonly differs: boolean;
  /** Whether what is here is not what the files ask for now, or nothing asks for it any more. */
  readonly stale: boolean;
}

/** All that is known of where results are. */
export interface Statuses {
  readonly results: readonly ResultStatus[];
  /** Why remotes could not be asked. */
  readonly silent: readonly UserError[];
}

/** How many questions are open at once to a remote that cannot list. */
const atOnce = 16;

/**
 * Where results are: those of `stages`, and all others that are published here or in a remote as far as `isMeant` says so.
 * Nothing is fetched or computed.
 */
export async function statusOf(
  session: Session,
  stages: readonly Stage[],
  isMeant: (label: string) => boolean,
): Promise<Statuses> {
  const here = new Map<string, ManifestFacts>();
  for (const { label, folder } of publishedResults(session.artifacts)) {
    const facts = isMeant(label) ? readFacts(folder) : undefined;
    if (facts !== undefined) here.set(label, facts);
  }
  const declared = new Map(stages.map((stage) => [labelOf(session.artifacts, stage.folder), stage]));
  const there = new Map<string, string[]>();
  const different = new Set<string>();
  const silent: UserError[] = [];
  for (const { remote } of session.remotes.all) {
    try {
      for (const [label, isSame] of await labelsIn(remote, here, session.signal)) {
        if (!isMeant(label)) continue;
        there.set(label, [...(there.get(label) ?? []), remote.name]);
        if (!isSame) different.add(label);
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      silent.push(error);
    }
  }
  const results: ResultStatus[] = [];
  for (const label of [...new Set([...declared.keys(), ...here.keys(), ...there.keys()])].sort()) {
    const facts = here.get(label);
    const stage = declared.get(label);
    const stale = facts !== undefined && (stage === undefined || (await asksForAnother(session, stage, facts)));
    const differs = different.has(label);
    results.push({ label, here: facts !== undefined, there: there.get(label) ?? [], differs, stale });
  }
  return { results, silent };
}

async function asksForAnother(session: Session, stage: Stage, here: ManifestFacts): Promise<boolean> {
  try {
    return (await askedFor(session, stage, { fetchNothing: true }, here))?.key !== here.key;
  } catch (error) {
    // Without its source on this machine a dataset stays as it is.
    if (!(error instanceof UserError)) throw error;
    return !((await stage.survives?.(here.resolvedConfig)) ?? false);
  }
}

/**
 * Labels that a remote has a record of, of those that are here only with the same key; each with whether the bits are those
 * that are here, as far as the remote lists it.
 */
async function labelsIn(
  remote: Remote,
  here: ReadonlyMap<string, ManifestFacts>,
  signal: AbortSignal,
): Promise<Map<string, boolean>> {
  const found = new Map<string, boolean>();
  const [names, records] = await Promise.all(['names/', 'results/'].map((one) => listedPaths(remote, one, { signal })));
  if (names === undefined || records === undefined) {
    await severalAtOnce([...here], atOnce, async ([label, { key }]) => {
      const size = await withRetries(remote, { signal }, (stop) => remote.size(recordPath(key), stop));
      if (size !== undefined) found.set(label, true);
    });
    return found;
  }
  const recorded = new Set(records.map(keyIn));
  for (const path of names) {
    const key = keyIn(path);
    const label = path.split('/').slice(1, -1).join('/');
    const ours = here.get(label);
    if (key === undefined || !recorded.has(key) || (ours?.key ?? key) !== key) continue;
    const isSame = ours === undefined || path.endsWith(namePath(label, ours));
    found.set(label, isSame || (found.get(label) ?? false));
  }
  return found;
}
