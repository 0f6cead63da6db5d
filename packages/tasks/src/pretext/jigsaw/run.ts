import type { Batch } from '@selfsup/data/loader';
import { compiledStep } from '@selfsup/engine/compiled-step';
import { pixelTensor } from '@selfsup/engine/device-tensor';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { deriveKey } from '@selfsup/kit/random';
import { featureShapeOf } from '@selfsup/models/heads';
import { shareWeights } from '@selfsup/models/net-surgery';
import { normalise } from '@selfsup/models/normalise';
import { modelWeights } from '@selfsup/models/weights';
import { gradientsOf } from '@selfsup/trainer/gradients';
import { passOver } from '@selfsup/trainer/parts';
import { softmaxLoss } from '../../steps/classification.ts';
import type { TaskContext, TaskInstance } from '../../task.ts';
import type { JigsawConfig } from './config.ts';
import { geometryOf, windowSide } from './geometry.ts';
import { puzzleHead, tileHead } from './heads.ts';
import { permutationFile } from './permutation-files.ts';
import { permutationSet } from './permutation-set.ts';
import { TILES } from './permutations.ts';
import { puzzlePictures } from './preview.ts';
import { cutPuzzles, type Puzzles } from './puzzles.ts';
import { normaliseEachTile } from './tile-normalisation.ts';

const MEASURE = 'puzzle-accuracy';
/** Puzzles that are solved together in inference: a bound on memory. */
const INFERENCE_PUZZLES = 64;

/** Builds encoder, fc6 for each tile and the head over nine of them; see `jigsaw`. */
export async function createJigsaw(context: TaskContext<JigsawConfig>): Promise<TaskInstance> {
  const { config, input } = context;
  const geometry = geometryOf(config.geometry);
  const side = windowSide(geometry);
  if (input.height < side || input.width < side) {
    throw new UserError(`A window of ${side} pixels does not fit images of ${input.height} × ${input.width}`, {
      field: 'task.geometry',
      remedy: 'Crop larger images (data.augment), or take a smaller geometry.',
    });
  }
  const permutations = await permutationSet(config.permutations);
  const settings = { geometry, permutations, colourShift: config.colourShift };

  const encoder = context.buildEncoder();
  const tileEncoder = context.buildEncoder({ ...input, height: geometry.tile, width: geometry.tile });
  shareWeights(encoder, tileEncoder);
  const key = context.key('head');
  const tile = tileHead(featureShapeOf(tileEncoder), config.head, key, context.embed);
  const units = tile.outputs[0]!.shape[1]!;
  const head = puzzleHead(units, permutations.length, config.head, key);
  const variables = Object.entries({ encoder, tile, head }).flatMap(([name, model]) => modelWeights(name, model, true));

  const normalised = ({ tiles, shape }: Pick<Puzzles, 'tiles' | 'shape'>): tf.Tensor4D =>
    tf.tidy(() => {
      const pixels = pixelTensor(tiles, shape);
      return config.tileNormalisation === 'tile' ? normaliseEachTile(pixels) : normalise(pixels, context.normalisation);
    });

  /** Logits `[batch, permutations]` of prepared tiles `[9 · batch, tile, tile, channels]`. */
  const solve = (tiles: tf.Tensor4D, training: boolean): tf.Tensor2D => {
    const features = tileEncoder.apply(tiles, { training }) as tf.Tensor4D;
    const vectors = tile.apply(features, { training }) as tf.Tensor2D;
    return head.apply(vectors.reshape([-1, TILES * units]), { training }) as tf.Tensor2D;
  };

  /** Puzzles of test images: always the same, whatever the batches. */
  const testPuzzles = ({ images, shape, indices }: Batch): Puzzles =>
    cutPuzzles(images, shape, settings, context.key('test-puzzles'), indices);

  const predict = ({ tiles, shape, labels }: Puzzles): number[] => {
    const [, height, width, channels] = shape;
    const bytes = TILES * height * width * channels;
    const found: number[] = [];
    for (let from = 0; from < labels.length; from += INFERENCE_PUZZLES) {
      const count = Math.min(INFERENCE_PUZZLES, labels.length - from);
      const part = tiles.slice(from * bytes, (from + count) * bytes);
      const best = compiledStep(() =>
        tf.tidy(() => {
          const prepared = normalised({ tiles: part, shape: [count * TILES, height, width, channels] });
          return solve(prepared, false).argMax(1);
        }),
      );
      found.push(...best.dataSync());
      best.dispose();
    }
    return found;
  };

  return {
    models: { encoder, tile, head },
    parameterGroups: [{ name: 'classifier', variables }],
    measures: { [MEASURE]: 'max' },

    step(batch, { key: stepKey }) {
      const numbers = Uint32Array.from(batch.labels, (_, place) => place);
      const puzzles = cutPuzzles(batch.images, batch.shape, settings, deriveKey(stepKey, 'puzzles'), numbers);
      const tiles = normalised(puzzles);
      const labels = tf.tensor1d(puzzles.labels, 'int32');
      const { loss, metrics, gradients } = gradientsOf(variables, () =>
        softmaxLoss(solve(tiles, true), labels, MEASURE),
      );
      return { losses: { loss }, metrics, gradients, samples: labels.size };
    },

    async evaluate(parts) {
      const wanted = config.testImages ?? Infinity;
      const { right, total } = await passOver(parts, {
        name: 'test',
        batches: (...turn) => context.batches(context.testSplit, undefined, ...turn),
        measure(batch) {
          const puzzles = testPuzzles(batch);
          return Array.from(predict(puzzles), (label, place) => label === puzzles.labels[place]);
        },
        zero: { right: 0, total: 0 },
        add(sums, found) {
          for (const isRight of found) {
            if (sums.total === wanted) return;
            sums.right += isRight ? 1 : 0;
            sums.total++;
          }
        },
        isEnough: (sums) => sums.total === wanted,
      });
      return { [MEASURE]: (100 * right) / total };
    },

    // The set in both published formats, for other toolkits and for `permutations.file`.
    finish: () =>
      Promise.resolve({
        files: {
          'permutations.npy': permutationFile('npy', permutations, 0),
          'permutations.bin': permutationFile('bin', permutations, 1),
        },
      }),

    preview: () => puzzlePictures(context, { settings, testPuzzles, predict }),
  };
}
