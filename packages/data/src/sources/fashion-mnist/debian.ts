import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa, ExecaError } from 'execa';
import { Interrupted } from '@selfsup/kit/stage';
import { NotFetched } from '../../files/not-fetched.ts';
import type { SourceContext } from '../../source.ts';

const packageName = 'dataset-fashion-mnist';

/** Where the installed package keeps its files. */
export const debianFolder = '/usr/share/datasets/fashion-mnist';

/** The folder with the files, or why there is none. */
export type Fetched = { readonly folder: string } | { readonly failed: string };

/** Options that keep apt inside `root`: nothing is installed, no system file is touched, no root rights are needed. */
function privateApt(root: string): string[] {
  return [
    `Dir::State::Lists=${join(root, 'lists')}`,
    `Dir::Cache=${join(root, 'cache')}`,
    `Dir::Log=${join(root, 'log')}`,
    'APT::Sandbox::User=',
    'Acquire::Languages=none',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false',
    'Acquire::Retries=1',
    'Acquire::http::Timeout=10',
    'Acquire::https::Timeout=10',
  ].flatMap((option) => ['-o', option]);
}

function lastWords(error: unknown): string {
  const text =
    error instanceof ExecaError ? String(error.stderr ?? '') || error.shortMessage : (error as Error).message;
  const lines = text.split('\n').filter((line) => line.startsWith('E:'));
  return (lines.at(-1) ?? text.split('\n').at(-1) ?? text).trim();
}

/** Where the files of a package fetched into the cache lie. */
export function fetchedFolder(cacheFolder: string): string {
  return join(cacheFolder, 'downloads', packageName, 'files', debianFolder);
}

/**
 * Fetches Debian's package with apt, which checks it against Debian's signature, into `cacheFolder` and unpacks it
 * there; installs nothing. The system's package lists are tried first; where they are empty or do not know it, lists
 * of our own are fetched. Reports why where it cannot be done; abort throws `Interrupted`.
 */
export async function fetchDebianPackage(context: SourceContext): Promise<Fetched> {
  const root = join(context.cacheFolder, 'downloads', packageName);
  const whole = join(root, 'files');
  const folder = fetchedFolder(context.cacheFolder);
  if (existsSync(folder)) return { folder };
  if (context.fetchNothing)
    throw new NotFetched(`It would have to be fetched: Debian's package ${packageName}`, {
      remedy: 'Install it, or put its four files into a folder fashion-mnist below the one that SELFSUP_DATA names.',
    });
  await mkdir(root, { recursive: true });
  const work = await mkdtemp(join(root, 'work-'));
  const run = async (command: string, ...args: string[]): Promise<void> => {
    await execa(command, args, {
      cwd: work,
      env: { LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
      stdin: 'ignore',
      ...(context.signal === undefined ? {} : { cancelSignal: context.signal }),
    });
  };
  try {
    await Promise.all(
      ['lists/partial', 'cache/archives/partial', 'log'].map((path) => mkdir(join(work, path), { recursive: true })),
    );
    const options = privateApt(work);
    const systemLists = options.filter((_, i) => i !== 0 && i !== 1);
    context.progress.note(`Fetching Debian's package ${packageName} (31 MB) with apt; nothing is installed.`);
    try {
      await run('apt-get', ...systemLists, 'download', packageName);
    } catch (error) {
      if (context.signal?.aborted === true || (error as { code?: string }).code === 'ENOENT') throw error;
      await run('apt-get', ...options, 'update');
      await run('apt-get', ...options, 'download', packageName);
    }
    const archive = (await readdir(work)).find((name) => name.endsWith('.deb'));
    if (archive === undefined) return { failed: 'apt fetched no package' };
    await run('dpkg-deb', '-x', archive, 'files');
    await rename(join(work, 'files'), whole).catch((error: unknown) => {
      if (!existsSync(folder)) throw error; // another process was first, with the same files
    });
    return { folder };
  } catch (error) {
    if (context.signal?.aborted === true) throw new Interrupted('The download was stopped.');
    if ((error as { code?: string }).code === 'ENOENT') return { failed: 'there is no apt on this machine' };
    return { failed: `apt cannot fetch ${packageName} (${lastWords(error)})` };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
