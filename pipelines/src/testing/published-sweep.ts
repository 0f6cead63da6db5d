import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Metric } from '@selfsup/kit/metric';
import { readExperiment } from '../declare/experiment.ts';
import { stagesOf } from '../declare/stages.ts';
import { askedFor } from '../keys/decide.ts';
import { openSession } from '../run/session.ts';
import { outputDigestOf } from '../store/manifest.ts';
import type { BlobRef } from '../store/store.ts';

/**
 * Publishes what an experiment of the workspace around the current folder asks for, without computing it: manifests as long
 * as real ones, one metric each, and `blob` with the last. The dataset that all of it needs is published likewise.
 */
export async function publishSweep(experiment: string, dataset: string, blob: BlobRef): Promise<void> {
  const session = openSession();
  const none = { places: [], resolvedConfig: {}, files: {} };
  const write = (folder: string, name: string, content: object): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), `${JSON.stringify(content, null, 2)}\n`);
  };
  write(join(session.artifacts.root, dataset, 'ingest'), 'manifest.json', {
    ...{ schema: 2, key: '0'.repeat(64), parts: [], code: { key: 'c', files: {}, packages: {} } },
    keyParts: { uses: 'data/ingest', seed: 0, config: {}, needs: {}, code: 'c' },
    ...{ ...none, blobs: {}, outputDigest: outputDigestOf({ blobs: {}, files: {} }, []) },
  });
  write(join(session.artifacts.root, dataset, 'ingest'), 'metrics.json', []);
  const stages = stagesOf(session, readExperiment(session.workspace, experiment));
  for (const stage of stages) {
    const { key, keyParts, code, parts } = (await askedFor(session, stage))!;
    const metrics: Metric[] = [{ head: 'h', measure: 'm', unit: 'none', better: 'more', value: stage.seed }];
    const blobs = stage === stages.at(-1) ? { features: blob } : {};
    const outputDigest = outputDigestOf({ blobs, files: {} }, metrics);
    write(stage.folder, 'manifest.json', { schema: 2, key, keyParts, parts, code, ...none, blobs, outputDigest });
    write(stage.folder, 'metrics.json', metrics);
    const finished = '2026-01-01T00:00:00.000Z';
    write(stage.folder, 'run.json', { started: '', finished, wallSeconds: 1, host: 'bench', cpu: 'c', node: 'n' });
  }
}
