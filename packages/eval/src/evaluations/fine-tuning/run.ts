import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, sha256 } from '@selfsup/kit/files';
import { randomKey } from '@selfsup/kit/random';
import type { StageContext, StageResult } from '@selfsup/kit/stage';
import { saveEncoder } from '@selfsup/models/encoder';
import { headResults } from '../../heads/head-results.ts';
import { eventRecords } from '../../tuning/training-job.ts';
import { tuningTitle, type TuningConfig } from '../../tuning/tuning-config.ts';
import { openTuningInput } from '../../tuning/tuning-input.ts';
import { tune } from '../../tuning/tuning.ts';

/** Runs `eval/fine-tuning`. Throws as `openTuningInput` and `tune` do. */
export async function runFineTuning(context: StageContext<TuningConfig>): Promise<StageResult> {
  const { config, seed, workFolder, progress, signal, extent } = context;
  await mkdir(workFolder, { recursive: true });
  const input = await openTuningInput(context);
  const tuned = join(workFolder, 'checkpoint.safetensors');
  try {
    const what = tuningTitle('fine-tuned', config);
    const { top1, best, confusion, curve } = await tune({
      ...input,
      config,
      key: randomKey(seed, 'tuning', what, config.protocol),
      identity: sha256(canonicalJson({ config, seed, ...input.facts })),
      name: `${what} on ${config.layer}`,
      workFolder,
      progress,
      signal,
      extent,
      finished: (encoder, head, steps) => {
        const facts = { task: 'fine-tuning', taskConfig: undefined, epoch: config.epochs, step: steps, seed };
        return saveEncoder(tuned, { encoder: encoder.model, head }, { ...encoder.description, ...facts });
      },
    });
    const title = { head: what, protocol: config.protocol };
    const heads = [{ top1, top5: undefined, best, confusion }];
    const results = headResults(title, [config.layer], input, heads, curve);
    return { blobs: { checkpoint: tuned }, records: eventRecords(workFolder), ...results };
  } finally {
    await input.close();
  }
}
