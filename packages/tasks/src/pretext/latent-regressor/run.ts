import type { tf } from '@selfsup/engine/tensorflow';
import { deriveKey } from '@selfsup/kit/random';
import { gradientsOfEach } from '@selfsup/trainer/gradients';
import { ganInstance } from '../../gan/gan-instance.ts';
import { adversarialLosses, latentError } from '../../gan/losses.ts';
import { buildNetworks } from '../../gan/networks.ts';
import type { TaskContext, TaskInstance } from '../../task.ts';
import type { LatentRegressorConfig } from './config.ts';

/** Builds the networks of the (joint) latent regressor; see `latentRegressor`. All are updated from one forward pass. */
export async function createLatentRegressor(context: TaskContext<LatentRegressorConfig>): Promise<TaskInstance> {
  const { joint, weight } = context.config;
  const networks = await buildNetworks(context, false);
  const { generator, encoder, discriminator } = networks.parameterGroups;
  const variables = {
    discriminator: discriminator.variables,
    generator: generator.variables,
    encoder: encoder.variables,
  };
  return ganInstance(context, networks, (batch, { key }) => {
    const seen = networks.seen(batch);
    const samples = batch.labels.length;
    const drawn = networks.draw(deriveKey(key, 'codes'), samples);
    const { losses, gradients } = gradientsOfEach(variables, () => {
      const made = networks.generate(drawn, true);
      const paid = adversarialLosses(networks.judge(networks.toGenerated(seen)), networks.judge(made));
      // Differentiated by the encoder's weights alone, unless joint.
      const error = latentError(networks.encode(networks.toSeen(made), true).codes, drawn);
      const generatorLoss = joint ? paid.generator.add<tf.Scalar>(error.mul(weight)) : paid.generator;
      return { discriminator: paid.discriminator, generator: generatorLoss, encoder: error };
    });
    return { losses, gradients, samples };
  });
}
