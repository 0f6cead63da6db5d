import type { tf } from '@selfsup/engine/tensorflow';
import { canonicalJson, sha256 } from '@selfsup/kit/files';
import type { StageContext, StageResult } from '@selfsup/kit/stage';
import { writeJsonFiles } from '../measures/json-files.ts';
import { eventRecords, type TrainingJob } from '../tuning/training-job.ts';
import { headResults } from './head-results.ts';
import type { HeadSource } from './head-source.ts';
import type { ProbedLayer } from './probe-model.ts';
import { trainAndKeep } from './published-probe.ts';

/** The settings of a published protocol as they are used. */
type ProtocolSettings = TrainingJob['config'] & {
  /** Its name, with a `*` where anything is not as published, and what that is. */
  readonly label: string;
  readonly differences: readonly string[];
  /** What is averaged over the views of a test image; logits where absent. */
  readonly average?: 'logits' | 'softmax' | undefined;
};

interface LayerHeads {
  /** As it stands in metrics, such as `linear`. */
  readonly head: string;
  readonly name: string;
  readonly model: tf.LayersModel;
  readonly testEvery: number;
  /** What to publish as the blob `probe`, of heads that are linear probes. */
  readonly probed?: readonly ProbedLayer[] | undefined;
}

/**
 * Trains heads above several layers together by the settings of a protocol, which are published as `protocol.json`. `model`
 * has an input and an output of logits for each layer and is disposed. The metrics are `<head>/<label>/<layer>/top1`,
 * `…/top5` and `…/top1-best`, in percent. Throws as `trainHead` does.
 */
export async function trainLayerHeads(
  context: StageContext<{ readonly layers: readonly string[] }>,
  source: HeadSource,
  settings: ProtocolSettings,
  { head, probed, ...job }: LayerHeads,
): Promise<StageResult> {
  const { config, seed, workFolder, progress, signal, extent } = context;
  const { label, differences, average } = settings;
  const { layers } = config;
  for (const difference of differences) progress.note(`${label}: ${difference}`);
  const identity = sha256(canonicalJson({ config, settings, seed, head, ...source.identity }));
  const where = { workFolder, progress, signal, extent };
  const training = { ...job, ...where, source, config: settings, layers, average, identity };
  const { heads, curve, blobs } = await trainAndKeep(training, probed && { protocol: label, layers: probed });
  const protocol = { ...settings, workers: undefined }; // changes no result
  const files = await writeJsonFiles(workFolder, { 'protocol.json': protocol });
  const results = headResults({ head, protocol: label }, layers, source, heads, curve);
  return { blobs, files, records: eventRecords(workFolder), ...results };
}
