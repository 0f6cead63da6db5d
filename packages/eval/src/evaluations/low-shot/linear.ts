import { join } from 'node:path';
import { randomKey } from '@selfsup/kit/random';
import type { StageContext } from '@selfsup/kit/stage';
import type { FeatureSet } from '../../features/feature-set.ts';
import { cachedSource } from '../../heads/cached-source.ts';
import { trainHead } from '../../heads/head-training.ts';
import { linearProbe } from '../../heads/heads.ts';
import type { LowShotLinear } from './config.ts';
import { picked, type Measured } from './measured.ts';
import type { LowShotDraw } from './sampling.ts';

/** A linear probe on the rows of a draw. Throws as `trainHead` does. */
export async function lowShotProbe(
  { classes, train, test, shape }: FeatureSet,
  { k, draw, rows }: LowShotDraw,
  { config, seed, progress, signal, extent, workFolder }: StageContext<LowShotLinear>,
  layer: string,
  identity: string,
): Promise<Measured> {
  const key = randomKey(seed, 'head', 'low-shot', config.protocol, k, draw);
  const model = linearProbe({ ...config, shape, classes: classes.length, key });
  const source = cachedSource([{ shape, classes, test, train: picked(train, rows) }], config, key);
  const name = `k${k}-draw${draw}`;
  const { heads } = await trainHead({
    ...{ model, source, config, progress, signal, extent },
    layers: [layer],
    testEvery: config.epochs,
    name: `linear probe, ${k} per class, draw ${draw + 1}`,
    identity: `${identity}-${name}`,
    workFolder: join(workFolder, layer, name),
    eventFolder: join(workFolder, 'events', layer, name),
  }).finally(() => model.dispose());
  const { top1: accuracy, confusion } = heads[0]!;
  const title = {
    head: 'low-shot-linear',
    protocol: `${config.protocol}-k${k}`,
    family: { name: config.protocol, parameter: `k = ${k}` },
  };
  return [{ title, measures: { top1: accuracy }, confusion }];
}
