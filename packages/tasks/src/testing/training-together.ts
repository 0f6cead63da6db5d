// Run as several processes by several-processes.test.ts: trains small networks on all pretext tasks, one after the other, in the folder
// given, and tells the digests of what the first process would publish. Each step is told as `<task> <step>`.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cluster, Dismissed, joinCluster, membershipOf } from '@selfsup/engine/cluster';
import { canonicalJson } from '@selfsup/kit/files';

const [, , folder, ...asked] = process.argv as [string, string, string, ...string[]];
const membership = membershipOf(process.env);
if (membership !== undefined) (await joinCluster(membership, { purpose: 'tasks' })).sharesStage = true;
const { trials, sizes } = await import('./small-trainings.ts');
const { digestsOf } = await import('./interruption.ts');
const { generatedDataset } = await import('./generated-dataset.ts');
const { trainingContext } = await import('./training-context.ts');
const { trainOn } = await import('../training/run-training.ts');

const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
const follows = (cluster()?.rank ?? 0) > 0;
try {
  for (const [name, task, changes] of trials.filter(([name]) => asked.length === 0 || asked.includes(name))) {
    const work = follows ? mkdtempSync(join(tmpdir(), 'follows-')) : join(folder, name);
    const shared = {
      batchSize: 16,
      replicas: Number(process.env['REPLICAS'] ?? 4),
      checkpoint: { everySeconds: 1e-6, keep: 2 },
    };
    const data = { workers: 0, augment: { padCrop: 1 }, ...(changes as { data?: object }).data, samplesPerEpoch: 64 };
    const config = { ...shared, ...changes, data };
    const context = trainingContext(task as never, work, config, { signal: stop.signal });
    context.progress.phase = (phase, _total, _unit, done = 0) => {
      let step = done / 16;
      return { advance: () => phase === 'training' && console.log(`${name} ${++step}`), done: () => undefined };
    };
    try {
      const result = await trainOn(
        // Several batches of features and of tests, so that processes share them.
        generatedDataset(sizes[name] ?? 8, { train: 600, test: 300 }),
        task as never,
        context,
      );
      cluster()?.dismiss('done');
      console.log(`digests ${name} ${canonicalJson(await digestsOf(result))}`);
    } catch (error) {
      if (!(error instanceof Dismissed)) throw error;
    }
  }
} catch (error) {
  const { name, message } = error as Error;
  if (name === 'Interrupted' && !follows) cluster()?.dismiss('stopped');
  console.log(message);
  process.exit(name === 'Interrupted' ? 130 : name === 'ProcessLost' ? 75 : 1);
}
process.exit(0);
