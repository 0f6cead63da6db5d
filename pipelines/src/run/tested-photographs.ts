import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SharedPhotographs } from '@selfsup/data/inspection';
import { UserError } from '@selfsup/kit/errors';
import { canonicalJson, sha256, writeAtomically } from '@selfsup/kit/files';
import type { Remark } from '@selfsup/kit/stage';
import type { Stage } from '../declare/stage.ts';
import { isComplete, readManifest } from '../store/manifest.ts';
import { openIngested } from './open-ingested.ts';
import type { Session } from './session.ts';

/** Images that a stage looks at. */
interface Images {
  readonly stage: Stage;
  readonly dataset: Stage;
  readonly split: string;
}

/** Raise it when the same datasets are compared in another way than before. */
const version = 1;

/**
 * Looks whether stages test on photographs that what they need was trained on in another dataset, as far as the datasets are
 * there whole; within one dataset, ingestion looks. Throws `UserError` where one does, unless its experiment says that it may: then
 * that is said beside its results.
 */
export async function lookAtTested(session: Session, stages: readonly Stage[]): Promise<Remark[]> {
  const remarks = new Map<string, Remark>();
  for (const stage of stages) {
    const tested = await imagesOf(session, stage, 'test');
    if (tested === undefined) continue;
    for (const trained of await trainedBefore(session, stage)) {
      if (trained.dataset.folder === tested.dataset.folder) continue;
      const [first] = await sharedBetween(session, trained, tested);
      if (first === undefined) continue;
      const message =
        `${stage.label} tests on ${first.paths.length} photograph${first.paths.length === 1 ? '' : 's'} of ${tested.dataset.name} (${tested.split}) that ` +
        `${trained.stage.name} is trained on in ${trained.dataset.name} (${trained.split}), such as ${first.paths[0]}, ` +
        `there ${first.otherExample}`;
      if (stage.sharedPhotographs !== 'warn') throw refusal(message, stage, trained, tested);
      remarks.set(message, { kind: 'tested-photographs', message: `${message}.` });
    }
  }
  return [...remarks.values()];
}

function refusal(message: string, stage: Stage, trained: Images, tested: Images): UserError {
  return new UserError(message, {
    field: `stages.${stage.name}.config.test.split`,
    remedy:
      `Leave them out: npx selfsup inspect ${trained.dataset.name} --against ${tested.dataset.name}:${tested.split} --names <file> ` +
      `writes which they are, for leaveOut of VOC's source. Where it is meant, say "sharedPhotographs": "warn" in the experiment.`,
  });
}

/** What a stage is trained on or tests on, by its checked config; undefined where it does neither on a dataset. */
async function imagesOf(session: Session, stage: Stage, part: 'train' | 'test'): Promise<Images | undefined> {
  const dataset = stage.needs['dataset'];
  if (dataset === undefined || dataset.kind !== 'dataset') return undefined;
  const { config } = await stage.prepare(session);
  const settings = config as Readonly<Record<string, { readonly split?: string } | undefined>>;
  const split = (part === 'train' ? (settings['data'] ?? settings['train']) : settings['test'])?.split;
  return typeof split === 'string' ? { stage, dataset, split } : undefined;
}

/** What the stages are trained on that a stage needs, at whatever remove. */
async function trainedBefore(session: Session, { needs }: Stage): Promise<Images[]> {
  const found: Images[] = [];
  for (const need of Object.values(needs)) {
    if (need.kind === 'dataset') continue;
    const own = await imagesOf(session, need, 'train');
    found.push(...(own === undefined ? [] : [own]), ...(await trainedBefore(session, need)));
  }
  return found;
}

/** What is shared, once for the same contents: comparing large datasets takes minutes. */
async function sharedBetween(session: Session, trained: Images, tested: Images): Promise<SharedPhotographs[]> {
  const digests: string[] = [];
  for (const { dataset } of [trained, tested]) {
    const published = readManifest(dataset.folder);
    const digest = published?.blobs['lmdb']?.sha256;
    // A damaged one is made anew before anything reads it.
    if (digest === undefined || !(await isComplete(published!, dataset.folder, dataset.store))) return [];
    digests.push(digest);
  }
  const key = sha256(canonicalJson({ version, digests, splits: [trained.split, tested.split] }));
  const known = join(tested.dataset.store, 'photographs', `${key}.json`);
  if (existsSync(known)) return JSON.parse(readFileSync(known, 'utf8')) as SharedPhotographs[];
  const { sharedPhotographs } = await import('@selfsup/data/inspection');
  const dataset = await openIngested(session, trained.dataset.name);
  const other = await openIngested(session, tested.dataset.name);
  try {
    const has = (one: typeof dataset, split: string): boolean => split in one.manifest.splits;
    // A split that is not there is refused by who reads it.
    if (!has(dataset, trained.split) || !has(other, tested.split)) return [];
    const shared = sharedPhotographs(dataset, other, { split: trained.split, otherSplit: tested.split });
    await mkdir(dirname(known), { recursive: true });
    await writeAtomically(known, JSON.stringify(shared));
    return shared;
  } finally {
    await dataset.close();
    await other.close();
  }
}
