// 10,000 small results and a blob of 5 GB, pushed to a folder: seconds of `selfsup status`, and the memory of pushing.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const quick = process.argv.includes('--quick');
const results = quick ? 200 : 10_000;
const blobBytes = quick ? 50e6 : 5e9;
const limits = { statusSeconds: 5, pushMegabytes: 300 };

const repository = fileURLToPath(new URL('../..', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'selfsup-bench-store-'));
const sha = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

/** A workspace of this checkout's code with one experiment of many seeds, and its results as stages publish them. */
function makeWorkspace(): void {
  for (const name of ['node_modules', 'packages']) symlinkSync(join(repository, name), join(root, name));
  mkdirSync(join(root, 'pipelines/experiments/sweep'), { recursive: true });
  for (const name of ['bin', 'src', 'datasets', 'package.json']) {
    symlinkSync(join(repository, 'pipelines', name), join(root, 'pipelines', name));
  }
  for (const name of ['nx.json', 'package.json']) cpSync(join(repository, name), join(root, name));
  cpSync(
    join(repository, 'pipelines/experiments/quickstart/experiment.json'),
    join(root, 'pipelines/experiments/sweep/experiment.json'),
  );
  writeFileSync(join(root, 'selfsup.json'), JSON.stringify({ remotes: { team: { url: join(root, 'remote') } } }));
}

function publish(index: number, blob?: { sha256: string; bytes: number }): void {
  const folder = join(root, 'artifacts/sweep/base', `seed-${index}`, 'measure');
  mkdirSync(folder, { recursive: true });
  const metrics = JSON.stringify([{ head: 'h', measure: 'm', unit: 'none', better: 'more', value: index }]);
  const manifest = {
    ...{ schema: 2, key: sha(`key ${index}`), parts: [], code: { key: 'c', files: {}, packages: {} }, places: [] },
    keyParts: { uses: 'eval/knn', seed: index, config: {}, needs: {}, code: 'c' },
    ...{
      resolvedConfig: {},
      blobs: blob === undefined ? {} : { features: blob },
      files: {},
      outputDigest: sha(metrics),
    },
  };
  const run = { started: '', finished: '2026-01-01T00:00:00.000Z', wallSeconds: 1, host: 'bench', cpu: 'c', node: 'n' };
  for (const [name, content] of Object.entries({ manifest, run })) {
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(content));
  }
  writeFileSync(join(folder, 'metrics.json'), metrics);
}

/** Random bytes: a disk that compresses or leaves holes would make it easy. */
function writeBlob(): { sha256: string; bytes: number } {
  const hash = createHash('sha256');
  const temporary = join(root, 'blob');
  const file = openSync(temporary, 'w');
  const chunk = Buffer.alloc(10e6);
  for (let at = 0; at < blobBytes; at += chunk.length) {
    chunk.fill(createHash('sha512').update(String(at)).digest());
    hash.update(chunk);
    writeSync(file, chunk);
  }
  const sha256 = hash.digest('hex');
  const folder = join(root, 'artifacts/store/sha256', sha256.slice(0, 2));
  mkdirSync(folder, { recursive: true });
  cpSync(temporary, join(folder, sha256));
  rmSync(temporary);
  return { sha256, bytes: blobBytes };
}

/** Runs a command of selfsup; gives its seconds and the most memory that its process held, in megabytes. */
async function measure(...args: string[]): Promise<{ seconds: number; megabytes: number }> {
  const began = performance.now();
  const env = { ...process.env, SELFSUP_ARTIFACTS: join(root, 'artifacts') };
  const child = spawn(process.execPath, [join(root, 'pipelines/bin/selfsup.mjs'), ...args], {
    ...{ cwd: root, env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  let kilobytes = 0;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      kilobytes = Math.max(kilobytes, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    } catch {
      // It has ended.
    }
  }, 50);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`selfsup ${args.join(' ')} ended with ${code}`);
  return { seconds: (performance.now() - began) / 1000, megabytes: kilobytes / 1024 };
}

try {
  makeWorkspace();
  for (let i = 1; i < results; i++) publish(i);
  publish(results, writeBlob());
  const push = await measure('push');
  const again = await measure('push');
  const status = await measure('status');
  const shown = Object.entries({ push, 'push again': again, status });
  for (const [name, { seconds, megabytes }] of shown) {
    console.log(`${name.padEnd(12)} ${seconds.toFixed(1)} s, at most ${megabytes.toFixed(0)} MB`);
  }
  if (status.seconds > limits.statusSeconds || push.megabytes > limits.pushMegabytes) {
    console.error(`Over the limits: ${JSON.stringify(limits)}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
