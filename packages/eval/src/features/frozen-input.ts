import { openDataset, type Dataset } from '@selfsup/data/dataset';
import { UserError } from '@selfsup/kit/errors';
import { sha256File } from '@selfsup/kit/files';
import type { StageContext } from '@selfsup/kit/stage';
import { loadEncoder, type LoadedEncoder } from '@selfsup/models/encoder';
import { requireNeed } from '../measures/require-need.ts';
import type { FeatureDescription } from './feature-set.ts';
import { freezeEncoder, type FrozenEncoder } from './frozen-encoder.ts';

/** The frozen encoder of a stage and the images that go through it. */
export interface FrozenInput {
  readonly dataset: Dataset;
  readonly frozen: FrozenEncoder;
  /** Which encoder and dataset these are. */
  readonly facts: Pick<FeatureDescription, 'encoder' | 'dataset'>;
  close(): Promise<void>;
}

/**
 * Opens what `needs` names as `encoder` and `dataset`, frozen for the extraction of `layers`; `field` is the key of
 * the config that names them. Throws `UserError` for an unknown layer and for images of another size than the encoder's.
 */
export async function openFrozenInput(
  context: Pick<StageContext<never>, 'needs'>,
  layers: readonly string[],
  field: string,
): Promise<FrozenInput> {
  const checkpoint = requireNeed(context, 'encoder').blob('checkpoint');
  const lmdb = requireNeed(context, 'dataset').blob('lmdb');
  const encoder = await loadEncoder(checkpoint);
  let dataset: Dataset | undefined;
  const close = async (): Promise<void> => {
    await dataset?.close();
    encoder.model.dispose();
  };
  try {
    dataset = openDataset(lmdb);
    checkImages(encoder, dataset, checkpoint);
    const { name, digest } = dataset.manifest;
    const sha256 = await sha256File(checkpoint);
    const facts = {
      encoder: { task: encoder.description.task, network: encoder.network.name, sha256 },
      dataset: { name, digest },
    };
    return { dataset, frozen: freezeEncoder(encoder, layers, field), facts, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Features of images of another size than the encoder was trained on would be those of another network. Images that
 * vary in size are brought to the encoder's.
 */
function checkImages(encoder: LoadedEncoder, dataset: Dataset, checkpoint: string): void {
  const size = (shape: { height: number; width: number; channels: number }) =>
    `${shape.height} × ${shape.width} × ${shape.channels}`;
  const { image } = dataset.manifest;
  if (image.encoding === 'jpeg' && encoder.input.channels === image.channels) return;
  const wanted = size(encoder.input);
  const given = image.encoding === 'raw' ? size(image) : `${image.channels} channels`;
  if (wanted !== given)
    throw new UserError(`The encoder takes images of ${wanted}, dataset ${dataset.manifest.name} has ${given}`, {
      file: checkpoint,
      field: 'needs.dataset',
      remedy: 'Name a dataset of the size that the encoder was trained on, or pretrain on this one.',
    });
}
