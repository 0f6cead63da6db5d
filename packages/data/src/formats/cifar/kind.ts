/** What CIFAR-10 and CIFAR-100 differ in. */
export interface CifarKind {
  /** As a reader would call it. */
  readonly title: string;
  /** Class names in the order of the labels. */
  readonly classes: readonly string[];
  /** Official archives, from https://www.cs.toronto.edu/~kriz/cifar.html */
  readonly binary: CifarArchive;
  readonly python: CifarArchive;
  /** Label bytes in front of each image of the binary version, and which of them counts. */
  readonly labelBytes: number;
  readonly labelAt: number;
  /** Key of the labels in the Python version. */
  readonly labelKey: string;
  /** Names under which a tree of images is looked for. */
  readonly treeNames: readonly string[];
}

/** One official archive and the files in it that hold images, with their splits in order. */
export interface CifarArchive {
  readonly name: string;
  readonly md5: string;
  readonly folder: string;
  readonly batches: readonly (readonly [file: string, split: 'train' | 'test'])[];
}

/** Size of every image. */
export const cifarImage = { height: 32, width: 32, channels: 3 } as const;

/** Interleaves the planes of one image: [3, 32, 32] to [32, 32, 3]. */
export function interleaved(bytes: Uint8Array, at: number): Uint8Array {
  const plane = cifarImage.height * cifarImage.width;
  const pixels = new Uint8Array(3 * plane);
  for (let i = 0; i < plane; i++) {
    pixels[3 * i] = bytes[at + i]!;
    pixels[3 * i + 1] = bytes[at + plane + i]!;
    pixels[3 * i + 2] = bytes[at + 2 * plane + i]!;
  }
  return pixels;
}
