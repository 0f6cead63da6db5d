import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Dataset } from '@selfsup/data/dataset';
import { UserError } from '@selfsup/kit/errors';
import { allFinite } from '@selfsup/kit/numbers';
import type { StageInput } from '@selfsup/kit/stage';
import { NpyReader } from '@selfsup/numerics/npy';

/**
 * What `eval/features` publishes. Blobs, all NumPy `.npy` files: `<part>-<layer>`, float32
 * `[images, height, width, channels]`; `<part>-labels`, int32 `[images]`; `<part>-indices`, uint32 `[images]`,
 * the images' places in their split; where images show several classes `<part>-presence`, int32 `[images, classes]`, as
 * `presenceIn` gives it; `<part>` is `train` or `test`. This description is the file `features.json`.
 */
const featureDescriptionSchema = z.object({
  schema: z.literal(1),
  encoder: z.object({ task: z.string(), network: z.string(), sha256: z.string() }),
  dataset: z.object({ name: z.string(), digest: z.string() }),
  classes: z.array(z.string()),
  /** `[height, width, channels]` by layer. */
  layers: z.record(z.string(), z.tuple([z.int(), z.int(), z.int()])),
  parts: z.record(
    z.enum(['train', 'test']),
    z.object({ split: z.string(), images: z.int(), presence: z.literal(true).optional() }),
  ),
  /** Classes that the split to train on shows no image of; left out where there are none. */
  absent: z.array(z.string()).optional(),
});
export type FeatureDescription = z.infer<typeof featureDescriptionSchema>;

/** Cached features of one layer with their labels. */
export interface FeatureSplit {
  readonly images: number;
  /** Class indices; −1 where an image has no one class. */
  readonly labels: Int32Array;
  /** What images show that may show several classes, `[images, classes]`, as `presenceIn` gives it. */
  readonly presence?: Int32Array | undefined;
  /**
   * Features of these rows, `[rows, height, width, channels]`, in new memory or, where the source can, at the start of
   * `target`. Published ones throw `UserError` for NaN or infinity.
   */
  gather(rows: ArrayLike<number>, target?: Float32Array): Float32Array;
}

/** Training and test features of one layer. */
export interface FeatureSet {
  readonly description: FeatureDescription;
  /** `[height, width, channels]`. */
  readonly shape: readonly [number, number, number];
  readonly classes: readonly string[];
  readonly train: FeatureSplit;
  readonly test: FeatureSplit;
  close(): void;
}

/** Name of the blob that holds the features of a layer for `train` or `test`. */
export function featureBlob(part: 'train' | 'test', layer: string): string {
  return `${part}-${layer}`;
}

/** What an evaluation can learn from: the one class of each image, or several. */
export type Labelling = 'one' | 'several';

/**
 * Opens the published features of one layer, named by the config's `field`. Throws `UserError` when the layer was not
 * extracted (listing those that were), a file is damaged, or an image has no label.
 */
export async function openFeatures(
  input: StageInput,
  layer: string,
  field = 'layer',
  labelling: Labelling = 'one',
): Promise<FeatureSet> {
  const file = join(input.folder, 'features.json');
  const description = await readDescription(file);
  const shape = description.layers[layer];
  if (shape === undefined)
    throw new UserError(`Layer '${layer}' was not extracted by ${input.ref}`, {
      field,
      remedy: `Use one of: ${Object.keys(description.layers).join(', ')}; or add it to 'layers' of that stage.`,
    });
  const { classes } = description;
  const opened: OpenSplit[] = [];
  const open = (part: 'train' | 'test'): FeatureSplit => {
    const several = labelling === 'several' && description.parts[part].presence === true;
    const split = openFeatureSplit((name) => input.blob(name), part, layer, classes.length, several);
    opened.push(split);
    return split;
  };
  const close = (): void => opened.forEach((split) => split.close());
  try {
    return { description, shape, classes, train: open('train'), test: open('test'), close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Features that are read from an open file. */
export interface OpenSplit extends FeatureSplit {
  close(): void;
}

/**
 * Opens the features of one part and layer; `path` gives the files by blob name. Throws `UserError` for a damaged
 * file and, unless `several` says that there is what they show, for an image without a label.
 */
export function openFeatureSplit(
  path: (blob: string) => string,
  part: 'train' | 'test',
  layer: string,
  classes: number,
  several = false,
): OpenSplit {
  const labels = integers(path(`${part}-labels`));
  if (!several) checkLabels(labels, classes, part);
  const presence = several ? integers(path(`${part}-presence`)) : undefined;
  const features = new NpyReader(path(featureBlob(part, layer)));
  // A training reads each row once an epoch: what was finite is not looked at again.
  const wereFinite = new Uint8Array(labels.length);
  const gather = (rows: ArrayLike<number>, target?: Float32Array): Float32Array => {
    const values = features.gather(rows, target) as Float32Array;
    let isNew = false;
    for (let i = 0; i < rows.length; i++) isNew ||= wereFinite[rows[i]!] === 0;
    if (!isNew) return values;
    refuseNonFinite(values, rows, `${layer} of the ${part} images`);
    for (let i = 0; i < rows.length; i++) wereFinite[rows[i]!] = 1;
    return values;
  };
  return { images: labels.length, labels, presence, gather, close: () => features.close() };
}

function integers(path: string): Int32Array {
  const file = new NpyReader(path);
  const values = file.all() as Int32Array;
  file.close();
  return values;
}

async function readDescription(file: string): Promise<FeatureDescription> {
  try {
    return featureDescriptionSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    const remedy = "'features' must name a stage that uses eval/features; run it again if its files were altered.";
    throw new UserError('There is no description of features here', { file, remedy, cause });
  }
}

/** Throws `UserError` naming the image where a feature is NaN or infinite. */
export function refuseNonFinite(values: Float32Array, rows: ArrayLike<number>, where: string): void {
  if (allFinite(values)) return;
  const image = rows[Math.floor((values.findIndex((value) => !Number.isFinite(value)) * rows.length) / values.length)];
  throw new UserError(`Features hold NaN or infinity: ${where}, image ${image}`, {
    remedy: 'Look for a diverged encoder, and extract the features again.',
  });
}

/** Throws `UserError` unless each label is one of the classes. */
export function checkLabels(labels: Int32Array, classes: number, part: string): void {
  const wrong = labels.findIndex((label) => label < 0 || label >= classes);
  if (wrong >= 0)
    throw new UserError(`Image ${wrong} of the ${part} images has no label among the ${classes} classes`, {
      remedy:
        'Evaluate on a dataset in which every image has a class. Several of them are learned by eval/svm, eval/low-shot with an ' +
        'SVM and eval/voc-classification.',
    });
}

/** Throws `UserError` for pictures of another dataset, or of other classes: they would stand beside the wrong features. */
export function checkSameDataset({ dataset: { name, digest } }: FeatureDescription, { manifest }: Dataset): void {
  if (digest === manifest.digest) return;
  throw new UserError(`The features are those of dataset ${name}, 'dataset' is another: ${manifest.name}`, {
    field: 'needs.dataset',
    remedy: 'Name the dataset that the features were extracted from.',
  });
}
