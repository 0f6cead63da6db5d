import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import type { OpenMember } from '../../archives/archive-member.ts';
import { fileBytes } from '../../archives/tar-bytes.ts';
import { tarMembers } from '../../archives/tar-members.ts';
import { openFileTree, openMembers, type FileTree } from '../../files/file-tree.ts';
import type { SourceEntry, SourceImage, SourceReading } from '../../source.ts';
import { readDevkit, type Devkit } from './devkit.ts';

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
  readonly tree: FileTree;
  readonly inTree: string;
}

const synset = /^n\d{8}$/;
const ofSynset = /^(n\d{8})\/(?:.*\/)?([^/]+\.jpe?g)$/i;
const ofSynsetFolder = /^(n\d{8})\/([^/]+\.jpe?g)$/i;
const numbered = /(?:^|\/)(ILSVRC2012_val_(\d{8})\.JPEG)$/i;

/** The train tar holds a tar for each synset: their members below the name of it, at their place; nothing is unpacked. */
async function* synsetMembers(path: string): AsyncGenerator<OpenMember> {
  const file = await open(path, 'r');
  try {
    for await (const outer of tarMembers(fileBytes(file, 0, (await file.stat()).size), path)) {
      if (outer.kind === 'folder') continue;
      const wnid = basename(outer.path, '.tar');
      if (outer.kind !== 'file' || !outer.path.endsWith('.tar') || !synset.test(wnid)) {
        throw new UserError(`${outer.path} is no tar of a synset`, {
          file: path,
          field: outer.path,
          remedy: 'Give the official ILSVRC2012_img_train.tar, which holds n01440764.tar and so on.',
        });
      }
      const bytes = fileBytes(file, outer.offset, outer.offset + outer.bytes);
      for await (const member of tarMembers(bytes, `${path}, in it ${outer.path}`)) {
        const target = member.kind === 'hard link' ? { target: `${wnid}/${member.target}` } : {};
        yield { ...member, path: `${wnid}/${member.path}`, ...target };
      }
    }
  } finally {
    await file.close();
  }
}

async function listed(path: string, split: 'train' | 'val'): Promise<{ found: Found[]; tree: FileTree }> {
  const isFolder = (await stat(path)).isDirectory();
  const inSynset = isFolder ? ofSynsetFolder : ofSynset;
  const isTarOfTars = split === 'train' && !isFolder;
  // Flat validation images lie directly in a folder, or anywhere in the archive.
  const isNumbered = (file: string): boolean =>
    split === 'val' && numbered.test(file) && !(isFolder && file.includes('/'));
  const isSorted = (file: string): boolean => (isFolder || isTarOfTars) && inSynset.test(file);
  const keep = (file: string): boolean => isSorted(file) || isNumbered(file);
  const tree = isTarOfTars ? await openMembers(path, () => synsetMembers(path), keep) : await openFileTree(path, keep);
  const found = tree.paths.map((inTree): Found => {
    const [, wnid, image] = isSorted(inTree) ? inSynset.exec(inTree)! : [];
    if (wnid !== undefined) return { split, name: `${wnid}/${image}`, of: { wnid }, tree, inTree };
    const [, name, number] = numbered.exec(inTree)!;
    return { split, name: name!, of: { number: Number(number) }, tree, inTree };
  });
  if (found.length === 0) {
    throw new UserError(`No ${split === 'train' ? 'training' : 'validation'} images of ImageNet are in here`, {
      file: path,
      remedy: 'Give the official archive, or folders n01440764 and so on with their images.',
    });
  }
  return { found: found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)), tree };
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
  const train = parts.train === undefined ? undefined : await listed(parts.train, 'train');
  const val = parts.val === undefined ? undefined : await listed(parts.val, 'val');
  checkNumbers(val?.found ?? [], devkit, parts);
  const all = [...(train?.found ?? []), ...(val?.found ?? [])];
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
  const warnings = [train, val].flatMap((one) => one?.tree.warnings ?? []);
  return { classes, entries, images: (wanted) => imagesOf(all, wanted), warnings };
}

async function* imagesOf(all: readonly Found[], wanted: (entry: number) => boolean): AsyncGenerator<SourceImage> {
  for (const tree of new Set(all.map((one) => one.tree))) {
    const places = new Map<string, number>();
    all.forEach((one, entry) => {
      if (one.tree === tree && wanted(entry)) places.set(one.inTree, entry);
    });
    for await (const { path, content } of tree.read((one) => places.has(one))) {
      yield { entry: places.get(path)!, encoded: content };
    }
  }
}
