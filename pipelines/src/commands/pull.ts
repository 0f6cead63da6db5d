import { Command } from 'commander';
import { UserError } from '@selfsup/kit/errors';
import type { Stage } from '../declare/stage.ts';
import { blobsMissing, bringBlobs, silentRemotes } from '../remotes/bring.ts';
import { chosenRemote } from '../remotes/chosen-remote.ts';
import { stagesAsked } from '../remotes/stages-asked.ts';
import { lookAt } from '../run/run-stage.ts';
import { openSession, type Session } from '../run/session.ts';
import { readManifest } from '../store/manifest.ts';

interface Options {
  from?: string;
  blobs: boolean;
}

export default new Command('pull')
  .description('Take the results that experiments ask for now from a remote, as far as it has them')
  .argument('[names...]', 'experiments and data/<dataset>; all experiments by default')
  .option('--from <remote>', 'the remote, by its name in selfsup.json; by default all are asked in turn')
  .option('--blobs', 'checkpoints, features and datasets too, which else come when something needs them', false)
  .addHelpText('after', '\nExamples:\n  selfsup pull quickstart\n  selfsup pull quickstart --blobs --from team')
  .action(async (names: string[], { from, blobs }: Options) => {
    const opened = openSession();
    const only = from === undefined ? undefined : chosenRemote(opened.remotes, from, () => true, 'be asked');
    if (only === undefined) chosenRemote(opened.remotes, undefined, () => true, 'be asked');
    const session = only === undefined ? opened : { ...opened, remotes: { ...opened.remotes, all: [only] } };
    let there = 0;
    const missing: string[] = [];
    const stages = stagesAsked(session, names, (name, error) => {
      if (!(error instanceof UserError) || names.length > 0) throw error;
      console.error(`${name}: broken: ${error.message}`);
    });
    for (const stage of stages) {
      try {
        const decision = await lookAt(session, stage, { force: false });
        if (decision !== 'kept' && decision?.fresh !== true) {
          missing.push(stage.label);
          continue;
        }
        there += 1;
        if (blobs) await bringAllBlobs(session, stage);
      } catch (error) {
        if (!(error instanceof UserError) || names.length > 0) throw error;
        console.error(`${stage.label}: ${error.describe()}`);
        missing.push(stage.label);
        process.exitCode = 1;
      }
    }
    console.log(`${there} results are here, ${missing.length} are not to be had`);
    for (const label of missing.slice(0, 20)) console.log(`  not there: ${label}`);
    if (missing.length > 20) console.log(`  and ${missing.length - 20} more`);
    const silent = silentRemotes();
    if (silent.length === 0) return;
    console.error(`error: Not asked for all of it, since it did not answer: ${silent.join(', ')}`);
    process.exitCode = 1;
  });

async function bringAllBlobs(session: Session, { folder, store, label }: Stage): Promise<void> {
  const digests = Object.values(readManifest(folder)?.blobs ?? {}).map(({ sha256 }) => sha256);
  const missing = await bringBlobs(session, store, digests, label);
  if (missing.length > 0) throw blobsMissing(folder, missing);
}
