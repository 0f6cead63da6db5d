import { mkdir } from 'node:fs/promises';
import { canonicalJson, sha256 } from '@selfsup/kit/files';
import { randomKey, type RandomKey } from '@selfsup/kit/random';
import type { StageContext, StageResult } from '@selfsup/kit/stage';
import { parameterCount } from '@selfsup/models/weights';
import { eventRecords } from '../tuning/training-job.ts';
import { openAugmentedSource, type AugmentedConfig } from './augmented-source.ts';
import { openCachedSource } from './cached-source.ts';
import type { HeadTraining } from './head-config.ts';
import { headResults } from './head-results.ts';
import type { FeatureShape, HeadSource } from './head-source.ts';
import { buildHead, type HeadKind } from './heads.ts';
import { trainAndKeep } from './published-probe.ts';

/** `runHead` on the published features of the config's layer. */
export function runCachedHead(context: StageContext<HeadTraining>, kind: HeadKind): Promise<StageResult> {
  return runHead(context, kind, openCachedSource);
}

/** `runHead` on training images that are augmented anew in each epoch. */
export function runAugmentedHead(context: StageContext<AugmentedConfig>, kind: HeadKind): Promise<StageResult> {
  return runHead(context, kind, openAugmentedSource);
}

/**
 * Runs a stage that trains one head on the batches of the source that `open` opens, whose order is a function of the
 * key that it is given. The metrics are `<head>/<protocol>/<layer>/top1` (after the last epoch) and `…/top1-best`,
 * both in percent. A linear probe is published as the blob `probe`.
 */
async function runHead<Config extends HeadTraining>(
  context: StageContext<Config>,
  kind: HeadKind,
  open: (context: StageContext<Config>, key: RandomKey) => Promise<HeadSource>,
): Promise<StageResult> {
  const { config, seed, workFolder, progress, signal, extent } = context;
  const { head } = kind;
  await mkdir(workFolder, { recursive: true });
  // The layer is left out: one seed gives the probes of all layers the same start and order.
  const key = randomKey(seed, 'head', head, config.protocol);
  const source = await open(context, key);
  try {
    const { shapes, classes } = source;
    const shape = shapes[0] as FeatureShape;
    const model = buildHead(kind, { shape, classes: classes.length, key, initialiser: config.initialiser });
    const parameters = parameterCount(model);
    progress.note(`${head} head on ${config.layer}: ${parameters.toLocaleString('en')} parameters`);
    const name = `${head} on ${config.layer}`;
    const identity = sha256(canonicalJson({ config, seed, head, ...source.identity }));
    const where = { workFolder, progress, signal, extent, testEvery: config.testEvery };
    const job = { ...where, model, source, config, layers: [config.layer], name, identity };
    const { heads, curve, blobs } = await trainAndKeep(job, probeOf(kind, config, shape));
    // Top-5 is no part of these protocols.
    const measured = heads.map((one) => ({ ...one, top5: undefined }));
    const results = headResults({ head, protocol: config.protocol }, [config.layer], source, measured, curve);
    return { records: eventRecords(workFolder), blobs, ...results };
  } finally {
    await source.close();
  }
}

/** What to keep of a linear probe. */
function probeOf(kind: HeadKind, { protocol, layer }: HeadTraining, shape: FeatureShape) {
  if (kind.head !== 'linear') return undefined;
  return { protocol, layers: [{ prefix: '', layer, shape, pooling: kind.pooling, batchNorm: kind.batchNorm }] };
}
