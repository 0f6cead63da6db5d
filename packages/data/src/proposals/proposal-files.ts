import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { sha256, sha256File, writeAtomically } from '@selfsup/kit/files';

/** Written last: it marks the proposals in a folder as whole. */
const factsFile = 'proposals.json';
const schema = 1;
const bytesABox = 16;

interface Facts {
  readonly schema: number;
  /** Digest of the dataset that they are of. */
  readonly dataset: string;
  /** Images of each split. */
  readonly splits: Readonly<Record<string, number>>;
  /** sha256 over the boxes of all splits. */
  readonly digest: string;
}

/** Boxes proposed for the images of a dataset, open for reading; those of one image at a time are in memory. */
export interface Proposals {
  /** Of all boxes: what is computed from them depends on it. */
  readonly digest: string;
  /** Images of a split that have proposals: all, but of a dry run. 0 for a split without. */
  count(split: string): number;
  /**
   * Boxes of image `index` of a split, best first, [count, 4]: left, top, right, bottom in pixels of the stored image, on
   * pixel borders as annotations have them. Throws `UserError` for a split without proposals.
   */
  boxes(split: string, index: number): Float32Array;
  close(): void;
}

const boxesFile = (folder: string, split: string): string => join(folder, `${split}.boxes`);
const countsFile = (folder: string, split: string): string => join(folder, `${split}.counts`);

/** The little-endian numbers of a file, as far as they are whole. */
function countsIn(file: string): Uint32Array {
  const bytes = readFileSync(file);
  return Uint32Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => bytes.readUInt32LE(4 * i));
}

/**
 * Opens the proposals in `folder` (the blob of an `eval/proposals` stage) for the dataset with this digest. Throws `UserError`
 * where they are unfinished or of another dataset.
 */
export function openProposals(folder: string, datasetDigest: string): Proposals {
  const file = join(folder, factsFile);
  if (!existsSync(file)) {
    throw new UserError('No whole set of proposals lies here', { file: folder, remedy: 'Run its stage again.' });
  }
  const facts = JSON.parse(readFileSync(file, 'utf8')) as Facts;
  if (facts.schema !== schema || facts.dataset !== datasetDigest) {
    throw new UserError('These proposals are of another dataset, or of another version of this one', {
      file,
      remedy: "Let 'proposals' name a stage that was made on the dataset of this one.",
    });
  }
  const open = new Map<string, { readonly handle: number; readonly ends: Float64Array }>();
  const splitOf = (split: string) => {
    const known = open.get(split);
    if (known !== undefined) return known;
    if (!(split in facts.splits)) {
      throw new UserError(`There are no proposals of split "${split}"`, {
        file,
        remedy: `They are of: ${Object.keys(facts.splits).join(', ')}.`,
      });
    }
    const counts = countsIn(countsFile(folder, split));
    const ends = new Float64Array(counts.length);
    counts.forEach((count, i) => (ends[i] = (ends[i - 1] ?? 0) + count));
    const opened = { handle: openSync(boxesFile(folder, split), 'r'), ends };
    open.set(split, opened);
    return opened;
  };
  return {
    digest: facts.digest,
    count: (split) => facts.splits[split] ?? 0,
    boxes: (split, index) => {
      const { handle, ends } = splitOf(split);
      const end = ends[index];
      if (end === undefined) throw new RangeError(`Image ${index} of ${ends.length} of split ${split}`);
      const start = index === 0 ? 0 : ends[index - 1]!;
      const boxes = new Float32Array(4 * (end - start)); // processors that we run on are little-endian
      const bytes = new Uint8Array(boxes.buffer);
      for (let read = 0; read < bytes.length;) {
        const some = readSync(handle, bytes, read, bytes.length - read, bytesABox * start + read);
        if (some === 0) throw new UserError('The file of proposals is cut off', { file: boxesFile(folder, split) });
        read += some;
      }
      return boxes;
    },
    close: () => open.forEach(({ handle }) => closeSync(handle)),
  };
}

/** Writes the proposals of a split image by image; what an interruption has left whole is gone on from. */
export interface ProposalWriter {
  /** Images that are written. */
  readonly done: number;
  /** Adds those of the next image, [count, 4]. */
  append(boxes: Float32Array): void;
  close(): void;
}

/** Opens the proposals of a split in `folder`, which is made, for writing; begins after the last image that is whole. */
export async function writeProposals(folder: string, split: string): Promise<ProposalWriter> {
  await mkdir(folder, { recursive: true });
  const [boxes, counts] = [boxesFile(folder, split), countsFile(folder, split)];
  const flag = (file: string): string => (existsSync(file) ? 'r+' : 'w+');
  const [toBoxes, toCounts] = [openSync(boxes, flag(boxes)), openSync(counts, flag(counts))];
  const written = fstatSync(toBoxes).size / bytesABox;
  let [done, end] = [0, 0];
  for (const count of countsIn(counts)) {
    if (end + count > written) break;
    end += count;
    done++;
  }
  ftruncateSync(toBoxes, end * bytesABox);
  ftruncateSync(toCounts, done * 4);
  return {
    get done() {
      return done;
    },
    append: (added) => {
      const bytes = new Uint8Array(added.buffer, added.byteOffset, added.byteLength);
      writeAll(toBoxes, bytes, end * bytesABox);
      // The count comes after the boxes that it counts: a kill between the two loses one image.
      writeAll(toCounts, new Uint8Array(Uint32Array.of(added.length / 4).buffer), done * 4);
      end += added.length / 4;
      done++;
    },
    close: () => [toBoxes, toCounts].forEach((handle) => closeSync(handle)),
  };
}

function writeAll(handle: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at, bytes.length - at, position + at);
}

/** Marks the proposals in `folder` as whole. */
export async function sealProposals(folder: string, facts: Pick<Facts, 'dataset' | 'splits'>): Promise<void> {
  const sums: string[] = [];
  for (const split of Object.keys(facts.splits).sort()) {
    sums.push(split, await sha256File(boxesFile(folder, split)), await sha256File(countsFile(folder, split)));
  }
  const digest = sha256(sums.join('\n'));
  await writeAtomically(join(folder, factsFile), `${JSON.stringify({ schema, ...facts, digest }, null, 2)}\n`);
}
