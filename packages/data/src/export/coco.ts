import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '@selfsup/kit/files';
import { Interrupted } from '@selfsup/kit/stage';
import { claimFolder } from './claim-folder.ts';
import { hasMasks, namedSplits, requireAnnotations } from './image-names.ts';
import type { ExportOptions } from './options.ts';
import { sampleOf } from './sample.ts';

/**
 * Writes splits with boxes as COCO does: `annotations/instances_<split>.json` and the images in `<split>/`. Categories count
 * from 1 in the order of the classes, the background of masks left out; difficult objects have `ignore` 1, truncated ones
 * `truncated` 1; there are no segments, masks lie in `<split>-masks/` as grey PNG. Returns the files of annotations; throws `Interrupted` on abort, and `UserError`
 * as `claimFolder` does and for a dataset without boxes.
 */
export async function exportCoco({ dataset, splits, to, progress, signal }: ExportOptions): Promise<string[]> {
  const named = namedSplits(dataset, splits);
  requireAnnotations(dataset, named, false);
  await claimFolder(to, dataset);
  const { classes, name: dataName } = dataset.manifest;
  // As COCO has it, the background is no category; then a category's number is its value in the masks.
  const first = hasMasks(dataset, named) && classes[0] === 'background' ? 1 : 0;
  const numbered = (label: number): number => label + 1 - first;
  const categories = classes.map((name, label) => ({ id: numbered(label), name, supercategory: '' })).slice(first);
  const files: string[] = [];
  let objects = 0;
  for (const { split, images, names } of named) {
    const phase = progress.phase(`export ${split}`, images.count, 'images');
    const listed: object[] = [];
    const annotations: object[] = [];
    await mkdir(join(to, split), { recursive: true });
    for (const [i, name] of names.entries()) {
      if (signal.aborted) throw new Interrupted('The export was stopped; run it again to have it whole.');
      const { image, extension, mask } = sampleOf(dataset, split, i);
      const file = `${name}.${extension}`;
      await writeAtomically(join(to, split, file), image);
      if (mask !== undefined) await writeAtomically(join(to, `${split}-masks`, `${name}.png`), mask);
      const { height, width, labels, difficult, truncated } = images.annotations(i);
      listed.push({ id: i + 1, file_name: file, height, width });
      for (const [place, box] of (dataset.annotations(split, i).boxes ?? []).entries()) {
        const { left, top, right, bottom } = box;
        const [wide, high] = [right - left, bottom - top];
        annotations.push({
          id: ++objects,
          image_id: i + 1,
          category_id: numbered(labels[place]!),
          bbox: [left, top, wide, high],
          area: wide * high,
          iscrowd: 0,
          ignore: difficult[place],
          truncated: truncated[place],
        });
      }
      phase.advance(1);
    }
    phase.done();
    const file = join(to, 'annotations', `instances_${split}.json`);
    const info = { description: `${dataName}, ${split}` };
    await writeAtomically(file, `${JSON.stringify({ info, licenses: [], categories, images: listed, annotations })}\n`);
    files.push(file);
  }
  return files;
}
