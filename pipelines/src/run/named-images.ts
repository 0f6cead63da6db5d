import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetManifest } from '@selfsup/data/dataset';
import { requireImages, selectSubset, type Subset } from '@selfsup/data/subset';
import { UserError } from '@selfsup/kit/errors';
import { readJson } from '@selfsup/kit/parse';
import { imagesHave } from '../declare/parts.ts';
import type { Stage } from '../declare/stage.ts';
import { isComplete, readManifest } from '../store/manifest.ts';
import { blobPath } from '../store/store.ts';
import { openIngested } from './open-ingested.ts';
import type { Session } from './session.ts';

/** The sections of a config that name images. */
const sections = ['data', 'train', 'test'] as const;

/**
 * Looks whether the datasets, as far as they are here whole, have the splits that stages are to read, with as many images in them,
 * and the boxes or masks that the stages' parts ask for: before what the stages need is computed, which may take hours. Throws
 * `UserError` naming the split or the part of it, or the dataset.
 */
export async function requireNamedImages(session: Session, stages: readonly Stage[]): Promise<void> {
  const seen = new Set<string>();
  for (const stage of stages) {
    const dataset = stage.needs['dataset'];
    if (dataset?.kind !== 'dataset') continue;
    const published = readManifest(dataset.folder);
    // A damaged one is made anew before anything reads it.
    if (published === undefined || !(await isComplete(published, dataset.folder, dataset.store))) continue;
    const manifest = readJson(join(dataset.folder, 'dataset.json')) as DatasetManifest;
    const { config } = await stage.prepare(session);
    const settings = config as Readonly<
      Record<string, { readonly split?: unknown; readonly subset?: Subset } | undefined>
    >;
    for (const section of sections) {
      const { split, subset } = settings[section] ?? {};
      if (typeof split !== 'string') continue;
      const field = `stages.${stage.name}.config.${section}`;
      requireImages({ manifest }, split, `${field}.split`);
      requireAsMany(manifest.splits[split]!, subset, `${field}.subset`);
      const what = await imagesHave(session.workspace, stage.uses);
      const asked = `${dataset.folder} ${split} ${what}`;
      if (what === undefined || seen.has(asked)) continue;
      seen.add(asked);
      if (await lacks(session, dataset, split, what)) {
        throw new UserError(`No image of ${dataset.name} (${split}) has ${what}, which ${stage.name} needs`, {
          field: `stages.${stage.name}.needs.dataset`,
          remedy: `Name a dataset with ${what}, such as VOC's with "task": "${what === 'masks' ? 'segmentation' : 'detection'}".`,
        });
      }
    }
  }
}

/** Throws `UserError` naming `field` where a split does not hold as many images as a part of it is to have. */
function requireAsMany(
  { count, classCounts }: DatasetManifest['splits'][string],
  subset: Subset | undefined,
  field: string,
): void {
  // Labels in any order will do. Where images show several classes or none, only the images themselves say whose they are.
  const labels = Int32Array.from(classCounts.flatMap((images, label) => Array<number>(images).fill(label)));
  const isLabelled = labels.length === count;
  if (subset !== undefined && 'firstPerClass' in subset && !isLabelled) return;
  selectSubset(isLabelled ? labels : new Int32Array(count), subset, 0, field);
}

/** Whether no image has them; false where the records are not here. */
async function lacks(session: Session, { name, folder, store }: Stage, split: string, what: 'boxes' | 'masks') {
  const blob = readManifest(folder)?.blobs['lmdb'];
  if (blob === undefined || !existsSync(blobPath(store, blob.sha256))) return false;
  const dataset = await openIngested(session, name);
  try {
    for (let i = 0; i < dataset.count(split); i++) {
      const has = what === 'masks' ? dataset.hasMask(split, i) : (dataset.annotations(split, i).boxes ?? []).length > 0;
      if (has) return false;
    }
    return true;
  } finally {
    await dataset.close();
  }
}
