import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { linkPackages } from '../linked-packages.ts';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** The hash of a commit, or undefined where there is none of that name. */
export function resolveCommit(name: string): string | undefined {
  try {
    return git('rev-parse', '--verify', '--quiet', `${name}^{commit}`).trim();
  } catch {
    return undefined;
  }
}

/**
 * Copies a commit, or the files as they are now, to an empty folder and makes it ready to run: packages linked, and the
 * replay's own experiments and datasets in the place of all others. A commit without any gets those of today.
 */
export function checkOut(commit: string | undefined, folder: string): void {
  if (commit === undefined) copyFiles(folder);
  else execFileSync('tar', ['-x', '-C', folder], { input: archiveOf(commit) });
  linkPackages(repository, folder);
  const own = join(folder, 'tests/replay/experiments');
  const replay = existsSync(own) ? dirname(own) : join(repository, 'tests/replay');
  for (const kind of ['comparisons', 'experiments', 'datasets'])
    rmSync(join(folder, 'pipelines', kind), { recursive: true, force: true });
  for (const kind of ['experiments', 'datasets'])
    cpSync(join(replay, kind), join(folder, 'pipelines', kind), { recursive: true });
}

function copyFiles(folder: string): void {
  for (const file of git('ls-files', '-z', '--cached', '--others', '--exclude-standard').split('\0')) {
    if (file === '' || !existsSync(join(repository, file))) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(repository, file), join(folder, file));
  }
}

function archiveOf(commit: string): Buffer {
  return execFileSync('git', ['archive', '--format=tar', commit], { cwd: repository, maxBuffer: 2 ** 30 });
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: repository, encoding: 'utf8', maxBuffer: 2 ** 28 });
}
