import type { Batch } from '@selfsup/data/loader';
import { withMovingDecay } from '@selfsup/engine/layers';
import { deviceUniform } from '@selfsup/engine/platform';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import type { Adversaries } from '@selfsup/models/adversaries';
import { featureShapeOf } from '@selfsup/models/heads';
import { configureNetwork, type ImageShape } from '@selfsup/models/network';
import { normalise } from '@selfsup/models/normalise';
import { codeHead, codeOf } from '@selfsup/models/units';
import { modelWeights } from '@selfsup/models/weights';
import { passInOrder, type Parts } from '@selfsup/trainer/parts';
import type { ParameterGroup } from '@selfsup/trainer/trainee';
import { imagesOf } from '../steps/images.ts';
import type { TaskContext } from '../task.ts';
import type { GanConfig } from './config.ts';

/** Generator, encoder (with the layer that gives its codes) and discriminator, and the ways through them. */
export class GanNetworks {
  readonly encoder: tf.LayersModel;
  readonly code: tf.LayersModel;
  readonly generator: tf.LayersModel;
  readonly discriminator: tf.LayersModel;
  readonly latent: number;
  /** Of generated images. */
  readonly image: ImageShape;
  readonly #context: TaskContext<GanConfig>;
  /** What turns a generated value of 0..1 into a normalised one, for each channel; undefined where nothing does. */
  readonly #scale: { readonly factor: number[]; readonly offset: number[] } | undefined;

  /** See `buildNetworks`. */
  constructor(context: TaskContext<GanConfig>, adversaries: Adversaries, jointly: boolean) {
    const { config, input, normalisation } = context;
    const side = config.imageSide;
    this.#context = context;
    this.latent = config.latent;
    this.image = side === undefined ? input : { height: side, width: side, channels: input.channels };
    this.encoder = context.buildEncoder();
    this.code = codeHead(featureShapeOf(this.encoder), config.latent, context.key('code'));
    this.generator = adversaries.generator(config.latent, this.image, context.key('generator'));
    const judged = jointly ? config.latent : undefined;
    this.discriminator = adversaries.discriminator(judged, this.image, context.key('discriminator'));
    const factor = normalisation.std.map((std) => 255 / (std || 1));
    const offset = normalisation.mean.map((mean, i) => -mean / (normalisation.std[i] || 1));
    const changes = factor.some((value) => value !== 1) || offset.some((value) => value !== 0);
    this.#scale = changes ? { factor, offset } : undefined;
  }

  get models(): Record<string, tf.LayersModel> {
    const { encoder, code, generator, discriminator } = this;
    return { encoder, code, generator, discriminator };
  }

  /** What the three networks train, each with an optimiser of its own; gains do not decay. */
  get parameterGroups(): Record<'generator' | 'encoder' | 'discriminator', ParameterGroup> {
    const group = (name: string, ...models: (keyof GanNetworks['models'])[]): ParameterGroup => ({
      name,
      variables: models.flatMap((model) => modelWeights(model, this.models[model]!, true)),
      exemptFromDecay: (variable) => variable.endsWith('/gamma'),
    });
    return {
      generator: group('generator', 'generator'),
      encoder: group('encoder', 'encoder', 'code'),
      discriminator: group('discriminator', 'discriminator'),
    };
  }

  /** `count` codes drawn from the prior, `[count, latent]`, a function of the key. */
  draw(key: RandomKey, count: number): tf.Tensor2D {
    return deviceUniform(key, [count, this.latent], -1, 1) as tf.Tensor2D;
  }

  /** A batch as the encoder sees it, normalised. */
  seen(batch: Batch): tf.Tensor4D {
    return normalise(imagesOf(batch), this.#context.normalisation);
  }

  /** Images as the encoder sees them, in the size of generated ones. */
  toGenerated(images: tf.Tensor4D): tf.Tensor4D {
    return resized(images, this.image);
  }

  /** The layer before the code: the encoder's last feature map, flattened to `[batch, values]`, and the codes. */
  encode(images: tf.Tensor4D, training = false): { readonly before: tf.Tensor2D; readonly codes: tf.Tensor2D } {
    const features = this.encoder.apply(images, { training }) as tf.Tensor4D;
    const codes = codeOf(this.code.apply(features, { training }) as tf.Tensor2D);
    return { before: features.reshape([features.shape[0], -1]), codes };
  }

  /** Images of codes `[batch, latent]`, normalised as real ones are. */
  generate(codes: tf.Tensor2D, training = false): tf.Tensor4D {
    const images = this.generator.apply(codes, { training }) as tf.Tensor4D;
    if (this.#scale === undefined) return images;
    return images.mul<tf.Tensor4D>(this.#scale.factor).add(this.#scale.offset);
  }

  /** Generated images in the size that the encoder sees. */
  toSeen(images: tf.Tensor4D): tf.Tensor4D {
    return resized(images, this.#context.input);
  }

  /** Logits `[batch, 1]` of images in the generated size, with their codes where the discriminator is joint. */
  judge(images: tf.Tensor4D, codes?: tf.Tensor2D): tf.Tensor2D {
    return this.discriminator.apply(codes === undefined ? images : [images, codes], { training: true }) as tf.Tensor2D;
  }

  /**
   * Estimates the batch-norm statistics of encoder (from training images) and generator (from the prior) anew as means over
   * training batches: those that moved along with the training lag behind it. A function of the weights and the seed. A pass
   * in parts: what is saved of it holds the means so far.
   */
  async estimateStatistics(parts: Parts): Promise<void> {
    const { config, extent } = this.#context;
    const key = this.#context.key('statistics');
    const count = Math.min(config.statisticsBatches, extent.batches);
    await passInOrder(parts, {
      name: 'statistics',
      batches: (from) => this.#context.randomBatches(key, count, from),
      take: (batch, pass) =>
        tf.tidy(() =>
          withMovingDecay([this.encoder, this.generator], pass / (pass + 1), () => {
            this.encoder.apply(this.seen(batch), { training: true });
            this.generator.apply(this.draw(deriveKey(key, pass), batch.labels.length), { training: true });
          }),
        ),
    });
  }
}

function resized(images: tf.Tensor4D, { height, width }: ImageShape): tf.Tensor4D {
  if (images.shape[1] === height && images.shape[2] === width) return images;
  return tf.image.resizeBilinear(images, [height, width], false, true);
}

/**
 * Builds the networks that a config names, the discriminator with or without codes (`jointly`). Throws `UserError` for a
 * network that has no generator and discriminator.
 */
export async function buildNetworks(context: TaskContext<GanConfig>, jointly: boolean): Promise<GanNetworks> {
  const section = context.config.adversaries;
  const adversaries = section === undefined ? context.adversaries : (await configureNetwork(section)).adversaries;
  if (adversaries !== undefined) return new GanNetworks(context, adversaries, jointly);
  const whose = section === undefined ? "The encoder's network" : `The network '${section.name}'`;
  throw new UserError(`${whose} has no generator and discriminator`, {
    field: 'task.adversaries',
    remedy: 'Name one that has: bigan-conv for images of 32 or 64 pixels, bigan-mlp for small ones of any size.',
  });
}
