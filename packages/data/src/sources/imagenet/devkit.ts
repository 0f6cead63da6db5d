import { wantedFiles } from '../../files/wanted-files.ts';
import { readMatFile, type MatStruct } from '../../formats/mat-file.ts';

/** What ImageNet's development kit says. */
export interface Devkit {
  /** The classes that images have (WordNet ids), sorted: the position is the class index. */
  readonly wnids: readonly string[];
  /** The words of each, in the same order. */
  readonly words: readonly string[];
  /** Class index of each validation image, in the order of their numbers. */
  readonly validation: readonly number[];
}

const meta = 'meta.mat';
const truth = 'ILSVRC2012_validation_ground_truth.txt';

function textIn(struct: MatStruct, field: string): string {
  const value = struct[field];
  if (typeof value !== 'string') throw new Error(`a synset has no text "${field}"`);
  return value;
}

function numberIn(struct: MatStruct, field: string): number {
  const [value] = Array.isArray(struct[field]) ? (struct[field] as readonly unknown[]) : [];
  if (typeof value !== 'number') throw new Error(`a synset has no number "${field}"`);
  return value;
}

/**
 * Reads the devkit, its archive or the extracted folder. Class indices are places in the sorted list of those synsets
 * that have no children, as torchvision counts them; the devkit's own numbers (ILSVRC2012_ID) stand in its ground truth.
 * Throws `UserError` naming the file in it.
 */
export async function readDevkit(path: string): Promise<Devkit> {
  const remedy = 'Fetch ILSVRC2012_devkit_t12.tar.gz again and compare its checksum.';
  const reading = await wantedFiles(path, [meta, truth], remedy);
  const leaves = reading(meta, (content) => {
    const { synsets } = readMatFile(content);
    if (!Array.isArray(synsets) || typeof synsets[0] !== 'object') throw new Error('it holds no "synsets"');
    return (synsets as readonly MatStruct[])
      .filter((synset) => numberIn(synset, 'num_children') === 0)
      .map((synset) => ({
        id: numberIn(synset, 'ILSVRC2012_ID'),
        wnid: textIn(synset, 'WNID'),
        words: textIn(synset, 'words'),
      }))
      .sort((a, b) => (a.wnid < b.wnid ? -1 : 1));
  });
  const indexOf = new Map(leaves.map(({ id }, index) => [id, index]));
  const validation = reading(truth, (content) => {
    const lines = content.toString('latin1').trimEnd().split('\n');
    return lines.map((line, i) => {
      const index = indexOf.get(Number(line.trim()));
      if (index === undefined) throw new Error(`line ${i + 1} is no class: ${JSON.stringify(line)}`);
      return index;
    });
  });
  return { wnids: leaves.map(({ wnid }) => wnid), words: leaves.map(({ words }) => words), validation };
}
