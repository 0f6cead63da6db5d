// Run as several processes by sum-over-processes.test.ts. Arguments: lengths of vectors of which to take the mean, and in between
// what befalls one process: `SIGKILL:1` is sent to the one of rank 1 by itself. With APART=1 pairs from the level 1 of the tree on
// are as if on different machines, with APART=0 all are.
import { readdirSync, readFileSync, readlinkSync, writeSync } from 'node:fs';
import { sha256 } from '@selfsup/kit/files';
import { cluster, joinCluster, ProcessLost } from '../cluster/cluster.ts';
import { membershipOf } from '../cluster/membership.ts';

const membership = membershipOf(process.env);
if (membership !== undefined) await joinCluster(membership, { purpose: 'sum' });
const { tf } = await import('../ops/library.ts');
const { apartFrom } = await import('./apart.ts');
const { compiledStep } = await import('../compiled-step/compiled-step.ts');
const { amongProcesses, sumOverProcesses } = await import('../cluster/sum-over-processes.ts');
const { partOf } = await import('./summands.ts');

const { rank = 0, size = 1 } = cluster() ?? {};
const { secondsWithNeighbours } = apartFrom(Number(process.env['APART'] ?? Infinity));
const say = (text: string): void => void writeSync(1, `${text}\n`);
if (process.env['LD_PRELOAD']) say(`listening ${ownListeners().join(' ')}`);
try {
  for (const asked of process.argv.slice(2)) {
    const [signal, whom] = asked.split(':') as [NodeJS.Signals, string?];
    if (whom !== undefined) {
      if (Number(whom) === rank) process.kill(process.pid, signal);
      continue;
    }
    const part = tf.tensor1d(partOf(rank, Number(asked)));
    const options = { scale: 1 / size, seconds: Number(process.env['SECONDS'] ?? 60) };
    // As it is, then again and again in a step, which comes to be a function where nobody else holds the summand.
    const means = [0, 1, 2, 3, 4].map((time) =>
      amongProcesses(`at vector ${asked}`, () =>
        time === 0
          ? sumOverProcesses(part, options)
          : compiledStep(() => tf.tidy(() => sumOverProcesses(part.mul(1), options).add(0))),
      ),
    );
    const digests = means.map((mean) => sha256(new Uint8Array((mean.dataSync() as Float32Array).slice().buffer)));
    say(`${asked} ${[...new Set(digests)].join(' or ')}`);
    tf.dispose([part, ...means]);
  }
} catch (error) {
  if (!(error instanceof ProcessLost)) throw error;
  say(`${error.message} ${/TF_Status: \d+/.exec((error.cause as Error).message)![0]}`);
  process.exit(75);
}
say(`in memory: ${secondsWithNeighbours() > 0}`);
process.exit(0);

/** Addresses that this process listens on, as the kernel writes them. */
function ownListeners(): string[] {
  const inodes = new Set<string>();
  for (const descriptor of readdirSync('/proc/self/fd')) {
    try {
      inodes.add(/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${descriptor}`))?.[1] ?? '');
    } catch {
      // Closed since.
    }
  }
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/self/net/${table}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && inodes.has(fields[9]!))
      .map((fields) => fields[1]!),
  );
}
