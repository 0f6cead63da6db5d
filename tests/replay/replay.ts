import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkOut } from './checkout.ts';
import { publishedFolders, readRecord, type ReplayRecord } from './record.ts';

/**
 * Runs all experiments of the replay on a commit, or on the files as they are now, from nothing, two at a time and every
 * stage in a process of its own. Throws `Error` with the end of what a command said that failed. The folder it worked in
 * is removed, or with `keep` kept and named.
 */
export async function replay(commit: string | undefined, keep: boolean): Promise<ReplayRecord> {
  const folder = mkdtempSync(join(tmpdir(), 'selfsup-replay-'));
  try {
    checkOut(commit, folder);
    const experiments = readdirSync(join(folder, 'pipelines/experiments')).filter((name) => name.startsWith('replay-'));
    const artifacts = join(folder, 'artifacts');
    mkdirSync(artifacts);
    const environment = { ...process.env, SELFSUP_ARTIFACTS: artifacts, FORCE_COLOR: '0' };
    await Promise.all(experiments.map((name) => selfsup(folder, ['run', name], environment)));
    for (const name of experiments) {
      forgetCircumstances(join(artifacts, name));
      await selfsup(folder, ['report', name], environment);
    }
    return readRecord(artifacts, experiments);
  } finally {
    if (keep) console.log(`Kept: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes all records of a run say the same, so that reports of equal results are equal. */
function forgetCircumstances(folder: string): void {
  const fixed = { started: new Date(0), finished: new Date(0), wallSeconds: 1, host: '', cpu: '', peakMemoryBytes: 1 };
  for (const published of publishedFolders(folder)) {
    const file = join(published, 'run.json');
    const record = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify({ ...record, ...fixed }));
    // The digests of what was published would tell that it was altered.
    rmSync(join(published, 'SHA256SUMS'), { force: true });
  }
}

/** Runs a command of the checkout; what it says goes to a file, whose end is shown where it fails. */
async function selfsup(folder: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const log = join(folder, `${args.join('-')}.log`);
  const child = spawn(process.execPath, ['pipelines/bin/selfsup.mjs', ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const file = createWriteStream(log);
  for (const stream of [child.stdout, child.stderr]) {
    stream.pipe(file, { end: false });
    stream.on('data', (chunk: Buffer) => {
      for (const [label] of chunk.toString().matchAll(/^replay-.+(?=: started$)/gm)) console.log(`  ${label}`);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  await new Promise((resolve) => file.end(resolve));
  if (code === 0) return;
  const end = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
  throw new Error(`selfsup ${args.join(' ')} ended with ${code}:\n${end}`);
}
