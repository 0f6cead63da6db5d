import { openDataset, type Dataset } from '@selfsup/data/dataset';
import { chosenImages } from '@selfsup/data/subset';
import { sha256File } from '@selfsup/kit/files';
import type { StageContext } from '@selfsup/kit/stage';
import { checkLabels } from '../features/feature-set.ts';
import { classesAbsentFrom, refuseEmptyClass } from '../measures/empty-classes.ts';
import { requireNeed } from '../measures/require-need.ts';
import type { TuningConfig } from './tuning-config.ts';

/** What a stage that trains on labelled images works on. */
export interface TuningInput {
  readonly dataset: Dataset;
  readonly checkpoint: string;
  readonly classes: readonly string[];
  /** Of the training split. */
  readonly labels: Int32Array;
  /** Of the images to train on. */
  readonly trainLabels: Int32Array;
  /** The images that the config's `train` and `test` choose, as indices into their splits. */
  readonly trainIndices: Uint32Array;
  readonly testIndices: Uint32Array;
  /** As JSON, which encoder and dataset these are. */
  readonly facts: { readonly encoder: string; readonly dataset: string };
  close(): Promise<void>;
}

/** Images of a part, and their labels. */
interface Chosen {
  readonly indices: Uint32Array;
  readonly own: Int32Array;
}

/**
 * Opens what `needs` names as `encoder` and `dataset`. Throws `UserError` where one is missing, for images without a label,
 * and for a class that the split has training images of, but not the subset.
 */
export async function openTuningInput({ config, needs, seed }: StageContext<TuningConfig>): Promise<TuningInput> {
  const checkpoint = requireNeed({ needs }, 'encoder').blob('checkpoint');
  const dataset = openDataset(requireNeed({ needs }, 'dataset').blob('lmdb'));
  try {
    const { classes, digest } = dataset.manifest;
    const chosen = (['train', 'test'] as const).map((part) => {
      const indices = chosenImages(dataset, config[part], seed, part);
      const labels = dataset.labels(config[part].split);
      const own = Int32Array.from(indices, (index) => labels[index] as number);
      checkLabels(own, classes.length, part);
      return { indices, own };
    });
    const [{ indices: trainIndices, own: trainLabels }, { indices: testIndices }] = chosen as [Chosen, Chosen];
    refuseEmptyClass({ classes, trainLabels, absent: classesAbsentFrom(config.train.split, dataset) });
    const labels = dataset.labels(config.train.split);
    const facts = { encoder: await sha256File(checkpoint), dataset: digest };
    const close = () => dataset.close();
    return { dataset, checkpoint, classes, labels, trainLabels, trainIndices, testIndices, facts, close };
  } catch (error) {
    await dataset.close();
    throw error;
  }
}
