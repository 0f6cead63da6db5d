import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { annotatedImages, type AnnotatedImages } from '@selfsup/data/annotated-images';
import { openDataset, type Dataset } from '@selfsup/data/dataset';
import {
  openProposals,
  readPublishedBoxes,
  sealProposals,
  searchDataset,
  writeProposals,
  type NamedBoxes,
  type Proposals,
} from '@selfsup/data/proposals';
import { UserError } from '@selfsup/kit/errors';
import { sha256 } from '@selfsup/kit/files';
import { dataFolder } from '@selfsup/kit/folders';
import { metricsOf, type Metric } from '@selfsup/kit/metric';
import type { StageContext, StageResult } from '@selfsup/kit/stage';
import { bestOverlaps, coverage, coverageQuantities } from '../../detection/recall.ts';
import { requireNeed } from '../../measures/require-need.ts';
import type { ProposalsConfig } from './config.ts';

type Context = StageContext<ProposalsConfig>;

/** Runs `eval/proposals`. Throws `UserError` for unknown splits, and files that are missing, others or incomplete. */
export async function proposeBoxes(context: Context): Promise<StageResult> {
  const { config, seed, workFolder, progress, signal, extent } = context;
  const { from } = config;
  const dataset = openDataset(requireNeed(context, 'dataset').blob('lmdb'));
  const folder = join(workFolder, 'proposals');
  try {
    const splits = config.splits ?? Object.keys(dataset.manifest.splits);
    for (const split of splits) dataset.count(split); // refuses unknown ones before hours of work
    if (from.method === 'selective-search') {
      const { images } = extent;
      await searchDataset({ dataset, splits, settings: { ...from, seed }, folder, images, progress, signal });
    } else {
      await writePublished(from.files, dataset, splits, folder);
    }
    const proposals = openProposals(folder, dataset.manifest.digest);
    try {
      const metrics = splits.flatMap((split) => measured(context, annotatedImages(dataset, split), split, proposals));
      return { blobs: { proposals: folder }, metrics };
    } finally {
      proposals.close();
    }
  } finally {
    await dataset.close();
  }
}

/** Boxes an image, and how well they cover the objects of a split that has any. */
function measured(context: Context, images: AnnotatedImages, split: string, proposals: Proposals): Metric[] {
  const count = proposals.count(split);
  const best: number[] = [];
  let boxes = 0;
  for (let i = 0; i < count; i++) {
    const { boxes: objects, difficult } = images.annotations(i);
    const proposed = proposals.boxes(split, i);
    boxes += proposed.length / 4;
    bestOverlaps(objects, proposed).forEach((overlap, object) => {
      if (difficult[object] === 0) best.push(overlap);
    });
  }
  const values = coverage(best, boxes, count);
  const { progress, config } = context;
  const { recall50, recall70, overlap } = values;
  progress.note(
    overlap === undefined
      ? `${split}: ${values.boxes} boxes an image; there are no objects to compare them with.`
      : `${split}: ${values.boxes} boxes an image; of ${best.length} objects ${recall50!.toFixed(1)} % are overlapped by ` +
          `half, ${recall70!.toFixed(1)} % by 0.7; mean best overlap ${overlap.toFixed(3)}.`,
  );
  const ofSplit = <Value>(all: Readonly<Record<string, Value>>): Record<string, Value> =>
    Object.fromEntries(Object.entries(all).map(([name, value]) => [`${name}-${split}`, value]));
  return metricsOf({ head: 'proposals', protocol: config.from.method }, ofSplit(coverageQuantities), ofSplit(values));
}

function readFiles(files: readonly { readonly path: string; readonly sha256: string }[]): NamedBoxes {
  const all = new Map<string, Float32Array>();
  for (const [i, { path, sha256: wanted }] of files.entries()) {
    const data = dataFolder();
    const file = isAbsolute(path) || data === undefined ? path : join(data, path);
    const field = `from.files.${i}`;
    if (!existsSync(file)) {
      const remedy = 'Give its whole path, or put it into the folder that SELFSUP_DATA names.';
      throw new UserError('There is no such file of proposals', { file, field: `${field}.path`, remedy });
    }
    const content = readFileSync(file);
    const found = sha256(content);
    if (found !== wanted) {
      const remedy = `If this is the file that is meant, write its checksum: ${found}.`;
      throw new UserError('The file has another checksum', { file, field: `${field}.sha256`, remedy });
    }
    try {
      for (const [name, boxes] of readPublishedBoxes(content)) all.set(name, boxes);
    } catch (cause) {
      const message = `This is no file of proposals: ${(cause as Error).message}`;
      throw new UserError(message, { file, field, remedy: 'Name a file that R-CNN’s authors published.', cause });
    }
  }
  return all;
}

async function writePublished(
  files: readonly { readonly path: string; readonly sha256: string }[],
  dataset: Dataset,
  splits: readonly string[],
  folder: string,
): Promise<void> {
  const known = readFiles(files);
  const counts: Record<string, number> = {};
  for (const split of splits) {
    const images = annotatedImages(dataset, split);
    const names = Array.from({ length: images.count }, (_, i) => images.annotations(i).name);
    const without = names.filter((name) => !known.has(name));
    if (without.length > 0) {
      throw new UserError(
        `The files have no boxes for ${without.length} of ${names.length} images of ${split}, such as ${without[0]}`,
        { field: 'from.files', remedy: 'Name the files of all splits, or only the splits that they are of.' },
      );
    }
    const writer = await writeProposals(folder, split);
    for (const name of names.slice(writer.done)) writer.append(known.get(name)!);
    writer.close();
    counts[split] = names.length;
  }
  await sealProposals(folder, { dataset: dataset.manifest.digest, splits: counts });
}
