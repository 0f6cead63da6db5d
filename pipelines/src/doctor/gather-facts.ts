import { execa } from 'execa';
import { engineStatus, readSettings, setupTools } from '@selfsup/engine/status';
import { UserError } from '@selfsup/kit/errors';
import { cacheFolder, dataFolder } from '@selfsup/kit/folders';
import type { Session } from '../run/session.ts';
import type { Facts, FolderState, Tool } from './facts.ts';
import { inspectFolder } from './inspect-folder.ts';
import { inspectPackages } from './inspect-packages.ts';
import { lookAtDatasets } from './look-at-datasets.ts';

/** Looks at everything Selfsup needs on this machine. Fetches nothing; takes some seconds. */
export async function gatherFacts(session: Session): Promise<Facts> {
  const { root } = session.workspace;
  const data = dataFolder();
  const [engine, python, compiler, git, artifacts, cache, dataState, datasets] = await Promise.all([
    engineStatus(),
    tool(async () => `${await (await setupTools()).findPython(process.env)} with pip`),
    tool(async () => (await (await setupTools()).findCompiler(process.env)).join(' ')),
    tool(findGit),
    inspectFolder(session.artifacts.root),
    inspectCache(),
    data === undefined ? undefined : inspectFolder(data),
    lookAtDatasets(session),
  ]);
  const packages = inspectPackages(root);
  return {
    ...{ node: process.versions.node, packages, engine, settings: settingsOrNone() },
    ...{ python, compiler, git, artifacts, cache, data: dataState, datasets },
  };
}

async function inspectCache(): Promise<FolderState> {
  try {
    return await inspectFolder(cacheFolder());
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { path: undefined, exists: false, freeBytes: undefined, problem: error.message };
  }
}

async function tool(find: () => Promise<string>): Promise<Tool> {
  try {
    return { found: await find() };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { problem: error.message, remedy: error.remedy ?? '' };
  }
}

async function findGit(): Promise<string> {
  const { stdout, failed } = await execa('git', ['--version'], { reject: false, stdin: 'ignore' });
  if (!failed) return stdout;
  throw new UserError('git is not there', { remedy: 'Install it (Debian, Ubuntu: apt-get install git).' });
}

/** A wrong setting is among the engine's own problems already. */
function settingsOrNone(): Facts['settings'] {
  try {
    const { fpmath, deterministic } = readSettings();
    return { fpmath, deterministic };
  } catch {
    return undefined;
  }
}
