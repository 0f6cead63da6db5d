import { aed } from '../pretext/aed/aed.ts';
import { aet } from '../pretext/aet/aet.ts';
import { bigan } from '../pretext/bigan/bigan.ts';
import { deepcluster } from '../pretext/deepcluster/deepcluster.ts';
import { jigsaw } from '../pretext/jigsaw/jigsaw.ts';
import { latentRegressor } from '../pretext/latent-regressor/latent-regressor.ts';
import { rotnet } from '../pretext/rotnet/rotnet.ts';
import { supervised } from '../pretext/supervised/supervised.ts';
import { transformGenerator } from '../pretext/transform-generator/transform-generator.ts';
import type { Task } from '../task.ts';

const adam = { optimizer: { name: 'adam' }, schedule: { name: 'constant', learningRate: 1e-3 } };
const game = {
  network: { name: 'bigan-mlp', width: 16 },
  data: { workers: 0, augment: {} },
  task: { latent: 4, statisticsBatches: 2, measured: { train: 100, test: 16, generated: 100 } },
  ...adam,
};
const network = { name: 'nin', blocks: 3, width: 4 };

/** Side of the images where it is not 8. */
export const sizes: Readonly<Record<string, number>> = { supervised: 16 };

/** A small training of each pretext task: name, task, and changes to the config of `trainingContext`. */
export const trials: readonly (readonly [name: string, task: Task<never>, changes: object])[] = [
  ['rotnet', rotnet as never, { network }],
  ['supervised', supervised as never, { network: { name: 'alexnet-small', width: 4 } }],
  ['aed', aed as never, { network, task: { width: 4 }, ...adam }],
  ['aet', aet as never, { network, task: { transformation: 'projective' } }],
  ['transform-generator', transformGenerator as never, { network, task: { codeSize: 4, width: 4 }, ...adam }],
  ['deepcluster', deepcluster as never, { network, task: { clusters: 4, pca: 4 } }],
  ['jigsaw', jigsaw as never, { network, task: { geometry: { cell: 2, tile: 2 }, permutations: { count: 4 } } }],
  ['bigan', bigan as never, game],
  ['latent-regressor', latentRegressor as never, game],
];
