// Run as a process of its own by live-checkpoints.test.ts: saves checkpoints below a folder, and makes a file `saved-<step>`
// once each is saved.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LiveCheckpoints } from '../records/live-checkpoints.ts';

const [root] = process.argv.slice(2) as [string];
const live = new LiveCheckpoints(join(root, 'live'), 2, 'identity');
for (let step = 1; step <= 5; step++) {
  await live.save(step, {
    tensors: new Map([['x', { shape: [2000], data: new Float32Array(2000).fill(step) }]]),
    metadata: { step },
  });
  writeFileSync(join(root, `saved-${step}`), '');
}
