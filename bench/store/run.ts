// 10,000 small results of a declared sweep and a blob of 5 GB, pushed to a folder: seconds of `selfsup status`, which decides
// of each whether it is stale, and the memory of pushing.
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
import { publishSweep } from '@selfsup/pipelines/testing/published-sweep';

const quick = process.argv.includes('--quick');
const results = quick ? 200 : 10_000;
const blobBytes = quick ? 50e6 : 5e9;
const limits = { statusSeconds: 5, pushMegabytes: 300 };

const repository = fileURLToPath(new URL('../..', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'selfsup-bench-store-'));

/** A workspace of this checkout's code with one experiment of many seeds. */
function makeWorkspace(): void {
  for (const name of ['node_modules', 'packages']) symlinkSync(join(repository, name), join(root, name));
  mkdirSync(join(root, 'pipelines/experiments/sweep'), { recursive: true });
  for (const name of ['bin', 'src', 'datasets', 'package.json']) {
    symlinkSync(join(repository, 'pipelines', name), join(root, 'pipelines', name));
  }
  for (const name of ['nx.json', 'package.json', 'package-lock.json']) cpSync(join(repository, name), join(root, name));
  const quickstart = JSON.parse(
    readFileSync(join(repository, 'pipelines/experiments/quickstart/experiment.json'), 'utf8'),
  ) as { stages: { pretrain: { config: object } } };
  const { pretrain } = quickstart.stages;
  const measure = { ...pretrain, uses: 'tasks/random', config: { ...pretrain.config, task: {}, epochs: 0 } };
  const seeds = Array.from({ length: results }, (_, i) => i + 1);
  write('pipelines/experiments/sweep/experiment.json', { about: { title: 'Sweep' }, seeds, stages: { measure } });
  write('selfsup.json', { remotes: { team: { url: join(root, 'remote') } } });
}

function write(path: string, content: object): void {
  writeFileSync(join(root, path), `${JSON.stringify(content, null, 2)}\n`);
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
  const child = spawn(process.execPath, [join(root, 'pipelines/bin/selfsup.mjs'), ...args], {
    cwd: root,
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
  process.chdir(root);
  process.env['SELFSUP_ARTIFACTS'] = join(root, 'artifacts');
  await publishSweep('sweep', 'quickstart', writeBlob());
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
