import { UserError } from '@selfsup/kit/errors';
import { assignEncoder, loadEncoder, type LoadedEncoder } from '@selfsup/models/encoder';
import { affineLayers, foldBatchNorm } from '@selfsup/models/net-surgery';
import { modelWeights, type NamedVariable } from '@selfsup/models/weights';
import type { ParameterGroup } from '@selfsup/trainer/trainee';

/**
 * What becomes of an encoder's batch norm when the encoder is trained further. `folded`: its arithmetic moves into the weights
 * before it, of which an offset is left (as networks were carried over to Caffe). `frozen`: it stays, with the statistics,
 * scales and offsets that it has. `trained`: it goes on as in pretraining.
 */
export type TrunkBatchNorm = 'folded' | 'frozen' | 'trained';

/** A pretrained encoder below a new head. */
export interface Trunk extends LoadedEncoder {
  /** What training changes where the trunk is trained too. */
  readonly variables: readonly NamedVariable[];
  /** Whether it runs in training mode then, batch norm by the batch. */
  readonly training: boolean;
}

/** Height and width of images, and the key of the config from which they come. */
export interface TrunkSize {
  readonly height: number;
  readonly width: number;
  readonly field: string;
}

/**
 * Loads an encoder for images of a size, its own by default; convolutions do not depend on it. Throws `UserError` as
 * `loadEncoder` does, naming the size's field where the network cannot be built for it, and for batch norm that cannot be
 * folded.
 */
export async function loadTrunk(checkpoint: string, size: TrunkSize | undefined, norm: TrunkBatchNorm): Promise<Trunk> {
  const encoder = atSize(await loadEncoder(checkpoint), size, checkpoint);
  const { model } = encoder;
  try {
    if (norm === 'folded') foldBatchNorm(model);
  } catch (error) {
    model.dispose();
    throw error;
  }
  // Where batch norm stays frozen, its offset is no bias of the layer before it.
  const affine = affineLayers(model).flatMap(({ layer, kernel, bias }) =>
    bias === undefined || (norm === 'frozen' && layer.weights.length === 1) ? [kernel] : [kernel, bias],
  );
  const own = new Set(affine);
  const trainable = modelWeights('encoder', model, true);
  const variables = norm === 'trained' ? trainable : trainable.filter(({ variable }) => own.has(variable));
  return { ...encoder, variables, training: norm === 'trained' };
}

/** Parameter groups in which biases learn twice as fast and do not decay, as in Caffe's recipes: those that `isFast` names. */
export function fastBiasGroups(
  variables: readonly NamedVariable[],
  isFast: (one: NamedVariable) => boolean,
): ParameterGroup[] {
  const groups = [
    { name: 'weights', variables: variables.filter((one) => !isFast(one)) },
    { name: 'biases', variables: variables.filter(isFast), rate: 2, exemptFromDecay: () => true },
  ];
  return groups.filter((group) => group.variables.length > 0);
}

/** Whether a variable is a bias, or the offset of a batch norm of the trunk that serves as one. */
export function isBias({ training }: Pick<Trunk, 'training'>, { name }: NamedVariable): boolean {
  return name.endsWith('/bias') || (!training && name.startsWith('encoder/') && name.endsWith('/beta'));
}

function atSize(encoder: LoadedEncoder, size: TrunkSize | undefined, checkpoint: string): LoadedEncoder {
  const { input, network, model, tensors } = encoder;
  if (size === undefined || (size.height === input.height && size.width === input.width)) return encoder;
  const { height, width, field } = size;
  const wanted = { height, width, channels: input.channels };
  try {
    const resized = network.build(wanted, [0, 0]);
    assignEncoder(resized, tensors, checkpoint);
    return { ...encoder, model: resized, input: wanted };
  } catch (cause) {
    throw new UserError(`The encoder cannot be built for images of ${height} × ${width}: ${(cause as Error).message}`, {
      field,
      remedy: `Its pretraining had ${input.height} × ${input.width}; use larger ones, or an encoder of convolutions alone.`,
      cause,
    });
  } finally {
    model.dispose();
  }
}
