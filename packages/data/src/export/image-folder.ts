import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '@selfsup/kit/files';
import { Interrupted } from '@selfsup/kit/stage';
import { claimFolder } from './claim-folder.ts';
import type { ExportOptions } from './options.ts';
import { safeName, safeNames } from './safe-names.ts';
import { sampleOf } from './sample.ts';

/**
 * Writes splits as folders of images: `<split>/<class>/<number> <name>.jpg` (or .png), without a class where there are no
 * labels; `folders` in `dataset.json` names the folder of each class, which differs where the name is one that not all file systems take or keep apart; boxes and flags as .json and masks as .mask.png beside. Each file gets its name when it is whole. Returns the
 * folders; throws `Interrupted` on abort, and `UserError` as `claimFolder` does.
 */
export async function exportImageFolder({ dataset, splits, to, progress, signal }: ExportOptions): Promise<string[]> {
  const { classes } = dataset.manifest;
  const names = safeNames(classes);
  await claimFolder(to, dataset, names);
  const folders: string[] = [];
  for (const split of splits) {
    const count = dataset.count(split);
    const digits = String(Math.max(0, count - 1)).length;
    const phase = progress.phase(`export ${split}`, count, 'images');
    folders.push(join(to, split));
    for (const name of names) await mkdir(join(to, split, name), { recursive: true });
    await mkdir(join(to, split), { recursive: true });
    for (let i = 0; i < count; i++) {
      if (signal.aborted) throw new Interrupted('The export was stopped; run it again to have it whole.');
      const { image, extension, label, name, facts, mask } = sampleOf(dataset, split, i);
      const folder = label < 0 ? join(to, split) : join(to, split, names[label]!);
      const stem = join(folder, `${String(i).padStart(digits, '0')} ${safeName(name.split('/').at(-1)!)}`);
      await writeAtomically(`${stem}.${extension}`, image);
      if (facts['boxes'] !== undefined || facts['presence'] !== undefined) {
        await writeAtomically(`${stem}.json`, `${JSON.stringify(facts)}\n`);
      }
      if (mask !== undefined) await writeAtomically(`${stem}.mask.png`, mask);
      phase.advance(1);
    }
    phase.done();
  }
  return folders;
}
