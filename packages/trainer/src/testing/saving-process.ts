// Run as a process of its own by live-checkpoints.test.ts: saves checkpoints below a folder, each after a line of a log beside
// them was flushed, and makes a file `saved-<step>` once each is saved.
import { closeSync, fsyncSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { LiveCheckpoints } from '../records/live-checkpoints.ts';
import { recordingProgress } from './recording-progress.ts';

const [root] = process.argv.slice(2) as [string];
const live = new LiveCheckpoints(join(root, 'live'), 2, 'identity');
// As a training does: it looks for one first.
await live.latest(recordingProgress());
const log = openSync(join(root, 'metrics.jsonl'), 'a');
for (let step = 1; step <= 5; step++) {
  writeSync(log, `${step}\n`);
  fsyncSync(log);
  await live.save(step, {
    tensors: new Map([['x', { shape: [2000], data: new Float32Array(2000).fill(step) }]]),
    metadata: { step },
  });
  writeFileSync(join(root, `saved-${step}`), '');
}
closeSync(log);
