import { Command } from 'commander';
import { UserError } from '@selfsup/kit/errors';
import { stagesAsked } from '../remotes/stages-asked.ts';
import { statusOf, type ResultStatus } from '../remotes/status.ts';
import { openSession } from '../run/session.ts';

interface Options {
  json: boolean;
}

export default new Command('status')
  .description('Show which results are here, in a remote, in both, and which are stale')
  .argument('[names...]', 'experiments and data/<dataset>, stage by stage; a line for each experiment by default')
  .option('--json', 'print a list of all of them instead', false)
  .addHelpText('after', '\nExamples:\n  selfsup status\n  selfsup status quickstart data/shapes')
  .action(async (names: string[], { json }: Options) => {
    const session = openSession();
    const isMeant = (label: string): boolean =>
      names.length === 0 || names.some((name) => label === name || label.startsWith(`${name}/`));
    const stages = stagesAsked(session, names, (name, error) => {
      if (!(error instanceof UserError) || names.length > 0) throw error;
      console.error(`${name}: broken: ${error.message}`);
    });
    const { results, silent } = await statusOf(session, stages, isMeant);
    const all = results.filter(({ label }) => isMeant(label));
    for (const error of silent) console.error(`error: ${error.describe()}`);
    if (silent.length > 0) process.exitCode = 1;
    if (json) return console.log(JSON.stringify(all, null, 2));
    if (names.length > 0) for (const one of all) console.log(`${stateOf(one).padEnd(16)} ${one.label}`);
    else for (const line of byExperiment(all)) console.log(line);
    const remotes = session.remotes.all.map(({ remote }) => `${remote.name} (${remote.url})`);
    console.log(`Remotes: ${remotes.join(', ') || 'none'}`);
  });

function stateOf({ here, there, differs, stale }: ResultStatus): string {
  const state = here ? (there.length > 0 ? 'both' : 'here') : there.length > 0 ? 'there' : 'nowhere';
  return [state, ...(differs ? ['other bits'] : []), ...(stale ? ['stale'] : [])].join(', ');
}

function byExperiment(all: readonly ResultStatus[]): string[] {
  const groups = new Map<string, ResultStatus[]>();
  for (const one of all) {
    const name = one.label.startsWith('data/') ? one.label : one.label.split('/')[0]!;
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  return [...groups].map(([name, results]) => {
    const counts = new Map<string, number>();
    for (const one of results) counts.set(stateOf(one), (counts.get(stateOf(one)) ?? 0) + 1);
    return `${name.padEnd(24)} ${[...counts].map(([state, count]) => `${count} ${state}`).join('; ')}`;
  });
}
