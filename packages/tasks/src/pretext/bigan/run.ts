import { deriveKey } from '@selfsup/kit/random';
import { gradientsOfEach } from '@selfsup/trainer/gradients';
import { ganInstance } from '../../gan/gan-instance.ts';
import { adversarialLosses } from '../../gan/losses.ts';
import { buildNetworks } from '../../gan/networks.ts';
import type { TaskContext, TaskInstance } from '../../task.ts';
import type { BiganConfig } from './config.ts';

/** Builds the three networks of BiGAN; see `bigan`. All are updated from one forward pass. */
export async function createBigan(context: TaskContext<BiganConfig>): Promise<TaskInstance> {
  const networks = await buildNetworks(context, true);
  const { generator, encoder, discriminator } = networks.parameterGroups;
  const variables = {
    discriminator: discriminator.variables,
    'generator-encoder': [...generator.variables, ...encoder.variables],
  };
  return ganInstance(context, networks, (batch, { key }) => {
    const seen = networks.seen(batch);
    const samples = batch.labels.length;
    const drawn = networks.draw(deriveKey(key, 'codes'), samples);
    const { losses, gradients } = gradientsOfEach(variables, () => {
      // Two passes, so that real and generated images are normalised by statistics of their own.
      const real = networks.judge(networks.toGenerated(seen), networks.encode(seen, true).codes);
      const generated = networks.judge(networks.generate(drawn, true), drawn);
      const paid = adversarialLosses(real, generated);
      return { discriminator: paid.discriminator, 'generator-encoder': paid.generator };
    });
    return { losses, gradients, samples };
  });
}
