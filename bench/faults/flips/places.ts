import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pngs } from '../seeds.ts';
import { commandOf, ended, foldersOf, killGroup, type Unit, type Workspace } from '../workspace.ts';

/** What consumers read beside published results, in a folder of the attack's own. */
export interface Places {
  /** Of `selfsup export`: a network in both formats and a dataset. */
  readonly exported: string;
  /** A remote to which all results were pushed. */
  readonly remote: string;
  /** Pictures to embed. */
  readonly pictures: string;
  /** The work folder of a training that was killed. */
  readonly resume: string;
}

/** The network that is exported, embedded with and explored, and the training that is killed and goes on. */
export const encoder: Unit = { experiment: 'replay-evaluations', stage: 'encoder' };
export const training: Unit = { experiment: 'replay-pretext', stage: 'rotnet' };
const stepFile = /^step-\d+\.safetensors$/;

/** Makes these places where they are not there yet. */
export async function places(live: Workspace, folder: string): Promise<Places> {
  const found: Places = {
    exported: join(folder, 'exported'),
    remote: join(folder, 'remote'),
    pictures: join(folder, 'pictures'),
    resume: join(folder, 'resume'),
  };
  const run = async (env: NodeJS.ProcessEnv, ...args: string[]): Promise<void> => {
    const { code, output } = await live.run('selfsup', args, env);
    if (code !== 0) throw new Error(`selfsup ${args.join(' ')} ended with ${code}: ${output.slice(-500)}`);
  };
  const mark = join(folder, 'places-are-there');
  if (existsSync(mark)) return found;
  for (const path of Object.values(found)) rmSync(path, { recursive: true, force: true });
  await run({}, 'export', foldersOf(encoder).published, '--to', found.exported);
  await run({}, 'export', 'replay', '--format', 'folder', '--to', found.exported);
  await run({ SELFSUP_REMOTE: found.remote }, 'push');
  mkdirSync(found.pictures);
  writeFileSync(join(found.pictures, 'plain.png'), (await pngs())['plain.png']!);
  await killTraining(live, found.resume);
  writeFileSync(mark, '');
  return found;
}

/** Leaves what a training leaves that is killed when it has saved twice; what it publishes is put back. */
async function killTraining(live: Workspace, to: string): Promise<void> {
  const { published, work } = foldersOf(training);
  const [kept, folder] = [`${to}-published`, join(live.artifacts, work)];
  cpSync(join(live.artifacts, published), kept, { recursive: true, preserveTimestamps: true });
  for (let tries = 0; liveCheckpoints(to).length < 2; tries++) {
    if (tries === 20) throw new Error('the training was never killed between its second save and its end');
    for (const path of [join(live.artifacts, published), folder, join(live.artifacts, 'store/keys')])
      rmSync(path, { recursive: true, force: true });
    const child = live.start('selfsup', commandOf(training));
    const end = ended(child);
    let isOver = false;
    void end.then(() => (isOver = true));
    while (!isOver && liveCheckpoints(folder).length < 2) await sleep(2);
    killGroup(child);
    await end;
    rmSync(to, { recursive: true, force: true });
    if (existsSync(folder)) cpSync(folder, to, { recursive: true });
  }
  rmSync(folder, { recursive: true, force: true });
  rmSync(join(live.artifacts, published), { recursive: true, force: true });
  cpSync(kept, join(live.artifacts, published), { recursive: true, preserveTimestamps: true });
}

/** Checkpoints from which a training in this work folder can go on, oldest first: paths below it. */
export function liveCheckpoints(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => stepFile.test(name.slice(name.lastIndexOf('/') + 1))).sort();
}
