import { join } from 'node:path';
import { readCheckpoint, writeCheckpoint, type Json, type TensorData } from '@selfsup/models/checkpoint';
import { modelWeights, variableData } from '@selfsup/models/weights';
import { trainHead, type HeadJob, type HeadOutcome } from './head-training.ts';
import type { ProbeDescription } from './probe-model.ts';

/** What the weights of a published probe are called: `probe/<layer>/<weight>`. */
const prefix = 'probe';

/**
 * `trainHead`, after which the model is disposed of. Linear probes, which `probe` describes, are written beside: the blob
 * `probe` of their stage. Throws as `trainHead`.
 */
export async function trainAndKeep(
  job: HeadJob,
  probe: Omit<ProbeDescription, 'classes'> | undefined,
): Promise<HeadOutcome & { readonly blobs: Readonly<Record<string, string>> }> {
  const { model, source, workFolder } = job;
  try {
    const outcome = await trainHead(job);
    if (probe === undefined) return { ...outcome, blobs: {} };
    const path = join(workFolder, 'probe.safetensors');
    const metadata = { ...probe, classes: source.classes } as unknown as Record<string, Json>;
    await writeCheckpoint(path, { tensors: variableData(modelWeights(prefix, model)), metadata });
    return { ...outcome, blobs: { probe: path } };
  } finally {
    model.dispose();
  }
}

/** Reads the blob `probe` of a stage. Throws `UserError` as `readCheckpoint`. */
export async function readProbe(
  path: string,
): Promise<{ readonly description: ProbeDescription; readonly tensors: ReadonlyMap<string, TensorData> }> {
  const { tensors, metadata } = await readCheckpoint(path);
  return { description: metadata as unknown as ProbeDescription, tensors };
}
