// How long processes take to add vectors: node --import tsx bench/scale/sum.ts [--processes 2] [--floats 115662,…] [--by-messages]
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort, joinCluster, membershipOf } from '@selfsup/engine/cluster';

const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '2' },
    floats: { type: 'string', default: '115662,1409000,11700000,61000000' },
    'by-messages': { type: 'boolean', default: false },
  },
});
const membership = membershipOf(process.env);
if (membership === undefined) {
  const port = String(await freePort());
  const ranks = Array.from({ length: Number(values.processes) }, (_, rank) => rank);
  const ends = ranks.map((rank) => {
    const together = {
      WORLD_SIZE: values.processes,
      MASTER_ADDR: '127.0.0.1',
      MASTER_PORT: port,
      SELFSUP_THREADS: '1',
    };
    const args = ['--import', 'tsx', fileURLToPath(import.meta.url), ...process.argv.slice(2)];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...together, RANK: String(rank) },
      stdio: ['ignore', rank === 0 ? 'inherit' : 'ignore', 'inherit'],
    });
    return new Promise((resolve) => child.on('close', resolve));
  });
  await Promise.all(ends);
} else {
  await joinCluster(membership, { purpose: 'sums' });
  const { tf } = await import('@selfsup/engine/tensorflow');
  const { compiledStep } = await import('@selfsup/engine/compiled-step');
  const { amongProcesses, sumOverProcesses } = await import('@selfsup/engine/sum-over-processes');
  if (values['by-messages']) (await import('@selfsup/engine/testing/apart')).apartFrom(0);
  const spent = (await import('./time-of-adding.ts')).timeOfAdding();
  for (const floats of values.floats.split(',').map(Number)) {
    const vector = tf.randomUniform([floats]);
    const times: number[] = [];
    for (let i = 0; i < 25; i++) {
      const before = spent();
      // In a step, as gradients are: nobody else holds the summand.
      const sum = amongProcesses('in a bench', () =>
        compiledStep(() => tf.tidy(() => sumOverProcesses(vector.mul(2)))),
      );
      times.push(spent() - before);
      sum.dispose();
    }
    const timed = times.slice(5).sort((a, b) => a - b);
    const [least, middle, most] = [timed[0]!, timed[10]!, timed.at(-1)!].map((time) => time.toFixed(1));
    console.log(`${membership.size} processes, ${(floats * 4e-6).toFixed(2)} MB: ${middle} ms (${least} to ${most})`);
    vector.dispose();
  }
}
process.exit(0);
