import { UserError } from '@selfsup/kit/errors';
import type { Stage } from '../declare/stage.ts';
import { decideStage } from '../keys/decide.ts';
import type { Session } from '../run/session.ts';
import { readManifest } from '../store/manifest.ts';
import { inTurn } from './in-turn.ts';
import { pathsIn } from './listing.ts';
import { labelOf, publishedResults } from './published-results.ts';
import { recordPath } from './record.ts';
import type { Remote } from './remote.ts';
import { persist } from './retry.ts';

/** Where a result is. */
export interface ResultStatus {
  /** `toy/base/seed-1/pretrain`, `data/few`. */
  readonly label: string;
  readonly here: boolean;
  /** Names of the remotes that have it: this very result where it is here, else one of this label. */
  readonly there: readonly string[];
  /** Whether what is here is not what the files ask for now, or nothing asks for it any more. */
  readonly stale: boolean;
}

/** How many questions are open at once to a remote that cannot list. */
const atOnce = 16;

/**
 * Where results are: those of `stages`, and all others that are published here or in a remote as far as `isMeant` says so.
 * Nothing is fetched or computed. Throws as `persist` does.
 */
export async function statusOf(
  session: Session,
  stages: readonly Stage[],
  isMeant: (label: string) => boolean,
): Promise<ResultStatus[]> {
  const keys = new Map<string, string>();
  for (const { label, folder } of await publishedResults(session.artifacts)) {
    const key = isMeant(label) ? readManifest(folder)?.key : undefined;
    if (key !== undefined) keys.set(label, key);
  }
  const declared = new Map(stages.map((stage) => [labelOf(session.artifacts, stage.folder), stage]));
  const there = new Map<string, string[]>();
  for (const { remote } of session.remotes.all) {
    for (const label of await labelsIn(remote, keys, session.signal)) {
      if (isMeant(label)) there.set(label, [...(there.get(label) ?? []), remote.name]);
    }
  }
  const result: ResultStatus[] = [];
  for (const label of [...new Set([...declared.keys(), ...keys.keys(), ...there.keys()])].sort()) {
    const key = keys.get(label);
    const stage = declared.get(label);
    const stale = key !== undefined && (stage === undefined || (await asksForAnother(session, stage, key)));
    result.push({ label, here: key !== undefined, there: there.get(label) ?? [], stale });
  }
  return result;
}

async function asksForAnother(session: Session, stage: Stage, key: string): Promise<boolean> {
  try {
    return (await decideStage(session, stage))?.key !== key;
  } catch (error) {
    // Without its source a dataset stays as it is.
    if (!(error instanceof UserError)) throw error;
    return !((await stage.survives?.(readManifest(stage.folder)?.resolvedConfig)) ?? false);
  }
}

/** Labels that a remote has, of those that are here only with the same key. */
async function labelsIn(remote: Remote, keys: ReadonlyMap<string, string>, signal: AbortSignal): Promise<Set<string>> {
  const found = new Set<string>();
  const paths = await pathsIn(remote, ['names/'], signal);
  for (const path of paths ?? []) {
    const [, ...label] = path.split('/');
    const key = label.pop()!.split('.')[0]!;
    const name = label.join('/');
    if ((keys.get(name) ?? key) === key) found.add(name);
  }
  if (paths !== undefined) return found;
  await inTurn([...keys], atOnce, async ([label, key]) => {
    const size = await persist(remote, { signal }, (stop) => remote.size(recordPath(key), stop));
    if (size !== undefined) found.add(label);
  });
  return found;
}
