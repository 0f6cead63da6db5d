import { join } from 'node:path';
import { writeAtomically } from '@selfsup/kit/files';
import { Interrupted } from '@selfsup/kit/stage';
import { encodeIndexedPng } from '../formats/indexed-png.ts';
import type { AnnotatedImages, ImageAnnotations } from '../loading/annotated-images.ts';
import type { Box } from '../store/annotations.ts';
import { claimFolder } from './claim-folder.ts';
import { namedSplits, requireAnnotations } from './image-names.ts';
import type { ExportOptions } from './options.ts';
import { sampleOf } from './sample.ts';

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
/** As short as it can be without losing what a file said: 9.7 + 1 is no 10.7 in binary. */
const shown = (value: number): string => String(Number(value.toFixed(6)));

function xmlOf(file: string, { height, width }: ImageAnnotations, boxes: readonly Box[], classes: readonly string[]) {
  const objects = boxes.map(({ label, left, top, right, bottom, difficult, truncated }) =>
    [
      '\t<object>',
      `\t\t<name>${escaped(classes[label]!)}</name>`,
      '\t\t<pose>Unspecified</pose>',
      `\t\t<truncated>${Number(truncated)}</truncated>`,
      `\t\t<difficult>${Number(difficult)}</difficult>`,
      '\t\t<bndbox>',
      `\t\t\t<xmin>${shown(left + 1)}</xmin>`,
      `\t\t\t<ymin>${shown(top + 1)}</ymin>`,
      `\t\t\t<xmax>${shown(right)}</xmax>`,
      `\t\t\t<ymax>${shown(bottom)}</ymax>`,
      '\t\t</bndbox>',
      '\t</object>',
    ].join('\n'),
  );
  const size = `\t<size>\n\t\t<width>${width}</width>\n\t\t<height>${height}</height>\n\t\t<depth>3</depth>\n\t</size>`;
  return ['<annotation>', `\t<filename>${escaped(file)}</filename>`, size, ...objects, '</annotation>', ''].join('\n');
}

/** A list for each class: name and 1, 0 or -1 a line, as the challenge has it. */
async function writeClassLists(folder: string, split: string, images: AnnotatedImages, names: readonly string[]) {
  const presence = names.map((_, i) => images.annotations(i).presence);
  for (const [label, className] of images.classes.entries()) {
    if (className === 'background' && label === 0) continue;
    const lines = names.map((name, i) => `${name} ${String(presence[i]![label]).padStart(2)}`);
    await writeAtomically(join(folder, `${className}_${split}.txt`), `${lines.join('\n')}\n`);
  }
}

/**
 * Writes splits in the layout of PASCAL VOC: `JPEGImages`, `Annotations` with the boxes, `ImageSets/Main` with the lists of
 * splits and of classes in them (the latter where the names of classes are names of files), masks in `SegmentationClass` with
 * `ImageSets/Segmentation`. Returns the lists of the splits; throws `Interrupted` on abort, and `UserError` as `claimFolder`
 * does and for a dataset with neither boxes nor masks.
 */
export async function exportVoc({ dataset, splits, to, progress, signal }: ExportOptions): Promise<string[]> {
  const named = namedSplits(dataset, splits);
  requireAnnotations(dataset, named, true);
  await claimFolder(to, dataset);
  const { classes } = dataset.manifest;
  const files: string[] = [];
  for (const { split, images, names } of named) {
    const phase = progress.phase(`export ${split}`, images.count, 'images');
    const withMask: string[] = [];
    for (const [i, name] of names.entries()) {
      if (signal.aborted) throw new Interrupted('The export was stopped; run it again to have it whole.');
      const { image, extension } = sampleOf(dataset, split, i);
      const file = `${name}.${extension}`;
      const boxes = dataset.annotations(split, i).boxes ?? [];
      await writeAtomically(join(to, 'JPEGImages', file), image);
      await writeAtomically(join(to, 'Annotations', `${name}.xml`), xmlOf(file, images.annotations(i), boxes, classes));
      const mask = dataset.mask(split, i);
      if (mask !== undefined) {
        const png = encodeIndexedPng(mask.classes, mask.height, mask.width);
        await writeAtomically(join(to, 'SegmentationClass', `${name}.png`), png);
        withMask.push(name);
      }
      phase.advance(1);
    }
    phase.done();
    const list = async (task: string, of: readonly string[]): Promise<void> => {
      const path = join(to, 'ImageSets', task, `${split}.txt`);
      await writeAtomically(path, `${of.join('\n')}\n`);
      files.push(path);
    };
    await list('Main', names);
    if (withMask.length > 0) await list('Segmentation', withMask);
    if (classes.every((name) => /^[\w -]+$/.test(name))) {
      await writeClassLists(join(to, 'ImageSets', 'Main'), split, images, names);
    }
  }
  return files;
}
