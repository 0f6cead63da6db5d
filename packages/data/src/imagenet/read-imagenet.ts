import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '@selfsup/engine/errors';
import type { SourceEntry, SourceImage, SourceReading } from '../source.ts';
import { readMember, tarMembers, type TarMember } from '../tar-index.ts';
import { type Devkit, readDevkit } from './devkit.ts';

/** Where the parts lie: archives or extracted folders. */
export interface ImagenetParts {
  readonly train?: string;
  readonly val?: string;
  readonly devkit?: string;
}

/** An image before its class index is known: the synset it belongs to, or its number among the validation images. */
interface Found {
  readonly split: 'train' | 'val';
  readonly name: string;
  readonly of: { readonly wnid: string } | { readonly number: number };
  /** The archive and its place in it, or the file. */
  readonly archive?: string;
  readonly member?: TarMember;
  readonly file?: string;
}

const isImage = (name: string): boolean => /\.jpe?g$/i.test(name);
const synset = /^n\d{8}$/;
const numbered = /^ILSVRC2012_val_(\d{8})\.JPEG$/i;

/** The train tar holds a tar for each synset; each is listed at its place, nothing is unpacked. */
async function inTrainTar(path: string): Promise<Found[]> {
  const found: Found[] = [];
  const file = await open(path, 'r');
  try {
    for await (const outer of tarMembers(file, path)) {
      const wnid = basename(outer.path, '.tar');
      if (!outer.path.endsWith('.tar') || !synset.test(wnid)) {
        throw new UserError(`${outer.path} is no tar of a synset`, {
          file: path,
          field: outer.path,
          remedy: 'Give the official ILSVRC2012_img_train.tar, which holds n01440764.tar and so on.',
        });
      }
      for await (const member of tarMembers(file, path, outer.offset, outer.bytes)) {
        const name = basename(member.path);
        if (isImage(name)) found.push({ split: 'train', name: `${wnid}/${name}`, of: { wnid }, archive: path, member });
      }
    }
  } finally {
    await file.close();
  }
  return found;
}

async function inValTar(path: string): Promise<Found[]> {
  const found: Found[] = [];
  const file = await open(path, 'r');
  try {
    for await (const member of tarMembers(file, path)) {
      const name = basename(member.path);
      const number = numbered.exec(name)?.[1];
      if (number !== undefined) {
        found.push({ split: 'val', name, of: { number: Number(number) }, archive: path, member });
      }
    }
  } finally {
    await file.close();
  }
  return found;
}

/** `<wnid>/<image>` below a folder; for validation images flat ones too. */
async function inFolder(folder: string, split: 'train' | 'val'): Promise<Found[]> {
  const found: Found[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (synset.test(entry.name)) {
      for (const name of await readdir(path)) {
        if (!isImage(name)) continue;
        found.push({ split, name: `${entry.name}/${name}`, of: { wnid: entry.name }, file: join(path, name) });
      }
    } else if (split === 'val') {
      const number = numbered.exec(entry.name)?.[1];
      if (number !== undefined) found.push({ split, name: entry.name, of: { number: Number(number) }, file: path });
    }
  }
  return found;
}

async function listed(path: string, split: 'train' | 'val'): Promise<Found[]> {
  const isFolder = (await stat(path)).isDirectory();
  const found = await (isFolder ? inFolder(path, split) : split === 'train' ? inTrainTar(path) : inValTar(path));
  if (found.length === 0) {
    throw new UserError(`No ${split === 'train' ? 'training' : 'validation'} images of ImageNet are in here`, {
      file: path,
      remedy: 'Give the official archive, or folders n01440764 and so on with their images.',
    });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Throws `UserError` where the ground truth and the numbered validation images do not belong together. */
function checkNumbers(found: readonly Found[], devkit: Devkit | undefined, parts: ImagenetParts): void {
  const numbers = found.flatMap(({ of }) => ('number' in of ? [of.number] : []));
  if (numbers.length === 0) return;
  if (devkit === undefined) {
    throw new UserError('The validation images are only numbered: without the devkit their classes are unknown', {
      file: parts.val,
      field: 'ILSVRC2012_devkit_t12.tar.gz',
      remedy: 'Put ILSVRC2012_devkit_t12.tar.gz beside it, or sort the images into folders of their synsets.',
    });
  }
  const rows = devkit.validation.length;
  if (rows !== numbers.length || numbers.at(-1) !== rows) {
    throw new UserError(`The ground truth has ${rows} rows for ${numbers.length} validation images`, {
      file: parts.devkit,
      field: 'ILSVRC2012_validation_ground_truth.txt',
      remedy: 'Fetch the validation images and the devkit again and compare their checksums.',
    });
  }
}

/**
 * Opens the parts of ImageNet that are there. Images come in the order of split, synset and name. Throws `UserError`
 * where an archive is cut off, a synset is unknown to the devkit, or validation labels do not fit.
 */
export async function openImagenet(parts: ImagenetParts): Promise<SourceReading> {
  const devkit = parts.devkit === undefined ? undefined : await readDevkit(parts.devkit);
  const train = parts.train === undefined ? [] : await listed(parts.train, 'train');
  const val = parts.val === undefined ? [] : await listed(parts.val, 'val');
  checkNumbers(val, devkit, parts);
  const all = [...train, ...val];
  const wnids = devkit?.wnids ?? [...new Set(all.flatMap(({ of }) => ('wnid' in of ? [of.wnid] : [])))].sort();
  const labels = new Map(wnids.map((wnid, label) => [wnid, label]));
  const entries = all.map(({ split, name, of }): SourceEntry => {
    const label = 'wnid' in of ? labels.get(of.wnid) : devkit!.validation[of.number - 1];
    if (label !== undefined) return { split, label, path: `${split}/${name}` };
    throw new UserError(`${name} belongs to a synset that the devkit does not know as a class`, {
      file: parts.devkit,
      field: name,
      remedy: 'Use images and devkit of ILSVRC-2012 together.',
    });
  });
  const classes = wnids.map((wnid, i) => (devkit === undefined ? wnid : `${wnid} ${devkit.words[i]}`));
  return { classes, entries, images: (wanted) => imagesOf(all, wanted) };
}

async function* imagesOf(all: readonly Found[], wanted: (entry: number) => boolean): AsyncGenerator<SourceImage> {
  const handles = new Map<string, FileHandle>();
  try {
    for (const [entry, { archive, member, file }] of all.entries()) {
      if (!wanted(entry)) continue;
      if (archive === undefined) {
        yield { entry, encoded: await readFile(file!) };
        continue;
      }
      let handle = handles.get(archive);
      if (handle === undefined) handles.set(archive, (handle = await open(archive, 'r')));
      yield { entry, encoded: await readMember(handle, archive, member!) };
    }
  } finally {
    await Promise.all([...handles.values()].map((handle) => handle.close()));
  }
}
