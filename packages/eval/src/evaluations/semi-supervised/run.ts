import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, sha256 } from '@selfsup/kit/files';
import { accuracy } from '@selfsup/kit/metric';
import { randomKey } from '@selfsup/kit/random';
import type { StageContext, StageResult } from '@selfsup/kit/stage';
import { confusion } from '@selfsup/report/figures/confusion';
import { ResultCache } from '../../features/result-cache.ts';
import { titleOf } from '../../heads/head-results.ts';
import { drawMetrics, rowsByClass, shuffledByClass } from '../../measures/class-draws.ts';
import { emptyClassRemarks, labelsOf } from '../../measures/empty-classes.ts';
import { writeJsonFiles } from '../../measures/json-files.ts';
import { eventRecords } from '../../tuning/training-job.ts';
import { tuningTitle } from '../../tuning/tuning-config.ts';
import { openTuningInput, type TuningInput } from '../../tuning/tuning-input.ts';
import { tune, type TuningOutcome } from '../../tuning/tuning.ts';
import type { SemiSupervisedConfig } from './config.ts';

/**
 * The images of each draw at each K, ascending indices into the training split. Throws `UserError` for a K above the
 * smallest class.
 */
export function labelledImages(
  { labels, trainIndices, classes }: Pick<TuningInput, 'labels' | 'trainIndices' | 'classes'>,
  { perClass, draws }: Pick<SemiSupervisedConfig, 'perClass' | 'draws'>,
  seed: number,
): { k: number; draw: number; indices: Uint32Array }[] {
  const own = Int32Array.from(trainIndices, (index) => labels[index] as number);
  const rows = rowsByClass(own, classes, perClass, 'perClass');
  const orders =
    draws === 'first'
      ? [rows]
      : Array.from({ length: draws }, (_, draw) => shuffledByClass(rows, randomKey(seed, 'labelled', draw)));
  return perClass.flatMap((k) =>
    orders.map((byClass, draw) => {
      const chosen = byClass.flatMap((order) => [...order.subarray(0, k)]);
      return { k, draw, indices: Uint32Array.from(chosen, (row) => trainIndices[row] as number).sort() };
    }),
  );
}

/** Runs `eval/semi-supervised`. Throws as `labelledImages`, `openTuningInput` and `tune` do. */
export async function runSemiSupervised(context: StageContext<SemiSupervisedConfig>): Promise<StageResult> {
  const { config, seed, workFolder, progress, signal, extent } = context;
  await mkdir(workFolder, { recursive: true });
  const input = await openTuningInput(context);
  try {
    const what = tuningTitle('semi-supervised', config);
    const identity = sha256(canonicalJson({ config, seed, ...input.facts }));
    const kept = await ResultCache.open<TuningOutcome>(workFolder, identity);
    const all = labelledImages(input, config, seed);
    const results: { k: number; draw: number; outcome: TuningOutcome }[] = [];
    for (const { k, draw, indices } of all.slice(0, extent.repeats)) {
      const name = `k${k}-draw${draw}`;
      const outcome = await kept.get(name, () =>
        tune({
          ...input,
          trainIndices: indices,
          config,
          key: randomKey(seed, 'tuning', what, config.protocol, k, draw),
          identity: `${identity}-${name}`,
          name: `${what} on ${config.layer}, ${k} per class, draw ${draw + 1}`,
          workFolder: join(workFolder, name),
          eventFolder: join(workFolder, 'events', name),
          progress,
          signal,
          extent,
        }),
      );
      results.push({ k, draw, outcome });
    }
    const { protocol, layer } = config;
    const title = (k: number) => ({
      ...{ head: what, protocol: `${protocol}-k${k}`, layer },
      family: { name: protocol, parameter: `k = ${k}` },
    });
    const metrics = config.perClass.flatMap((k) => {
      const accuracies = results.filter((one) => one.k === k).map(({ outcome }) => outcome.top1);
      return accuracies.length === 0 ? [] : drawMetrics({ ...title(k), measure: 'top1', ...accuracy }, accuracies);
    });
    const most = results.reduce((best, one) => (one.k > best.k ? one : best));
    const { confusion: matrix } = most.outcome;
    const figures = [confusion({ title: titleOf(title(most.k)), classes: [...input.classes], matrix })];
    const contents = {
      'draws.json': results.map(({ k, draw, outcome }) => ({ k, draw, top1: outcome.top1, curve: outcome.curve })),
    };
    const files = await writeJsonFiles(workFolder, contents);
    const remarks = emptyClassRemarks(input.classes, { test: labelsOf(matrix) });
    return { files, records: eventRecords(workFolder), metrics, figures, remarks };
  } finally {
    await input.close();
  }
}
