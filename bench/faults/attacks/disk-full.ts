import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openDisk } from '@selfsup/kit/testing/faulty-disk';
import type { Attack, Outcome } from '../campaign.ts';
import { compare, publishedBelow } from '../judge.ts';
import { commandOf, foldersOf, openWorkspace, reference, type Unit } from '../workspace.ts';

/** From the source to a number, one command each. */
const chain: readonly Unit[] = [
  { experiment: 'data', stage: 'replay' },
  { experiment: 'replay-evaluations', stage: 'encoder' },
  { experiment: 'replay-evaluations', stage: 'features' },
  { experiment: 'replay-evaluations', stage: 'linear' },
];
const commands = [...chain.map(commandOf), ['report', 'replay-evaluations']];

/** A full disk (all writes fail from the n-th on) and a broken one (the n-th write or sync fails), for every n. */
const attack: Attack = {
  title: 'ENOSPC from, and EIO at, the n-th write, for every n of ingestion, pretraining, features, probe and report',
  cases: 100_000,
  async open({ folder }) {
    const alone = await reference(dirname(folder));
    const disk = openDisk(join(folder, 'disk'));
    const artifacts = join(folder, 'artifacts');
    const live = openWorkspace(alone.root, artifacts);
    const before = (step: number): string => join(folder, `before-${step}`);
    // What stands before each command, and how many operations it takes.
    rmSync(artifacts, { recursive: true, force: true });
    mkdirSync(artifacts, { recursive: true });
    const operations: number[] = [];
    for (const [step, command] of commands.entries()) {
      rmSync(before(step), { recursive: true, force: true });
      cpSync(artifacts, before(step), { recursive: true, preserveTimestamps: true });
      const { code, output } = await live.run('selfsup', command, disk.env('count', { root: artifacts }));
      if (code !== 0) throw new Error(`${command.join(' ')} ends with ${code}:\n${output}`);
      operations.push(disk.count());
    }
    const total = operations.reduce((sum, one) => sum + one, 0);
    console.log(`operations of each command: ${operations.join(', ')}; cases: ${2 * total}`);

    const strike = async (which: number): Promise<Outcome> => {
      const mode = which % 2 === 0 ? 'enospc' : 'eio';
      let at = Math.floor(which / 2) + 1;
      let step = 0;
      while (step < commands.length && at > operations[step]!) at -= operations[step++]!;
      if (step === commands.length)
        return { struck: 0, lost: 0, wrong: 0, unnoticed: 0, about: 'past the last operation' };
      rmSync(artifacts, { recursive: true, force: true });
      cpSync(before(step), artifacts, { recursive: true, preserveTimestamps: true });
      const there = publishedBelow(artifacts);
      const command = commands[step]!;
      const { code, signal, output } = await live.run(
        'selfsup',
        command,
        disk.env(mode, { root: artifacts, at, span: mode === 'enospc' ? 0 : 1 }),
      );
      const struck = disk.count() >= at ? 1 : 0;
      const seen: string[] = [];
      let unnoticed = 0;
      // It may end well where what could not be written only saves time.
      const isClear = code === 1 && /(^|\n)error: /.test(output) && !/\n {4}at /.test(output);
      if (code !== 0 && !isClear) {
        unnoticed = 1;
        seen.push(`ends with ${code ?? signal} and no clear error: ${output.slice(-700)}`);
      }
      const damaged = compare(alone.artifacts, artifacts, publishedBelow(artifacts));
      const gone = there.filter((below) => !publishedBelow(artifacts).includes(below));
      seen.push(...damaged.wrong, ...gone.map((below) => `${below} was there before, and is gone`));
      const again = await live.run('selfsup', command);
      if (again.code !== 0) seen.push(`with room again it ends with ${again.code}: ${again.output.slice(-700)}`);
      const places = chain.slice(0, step + 1).map((unit) => foldersOf(unit).published);
      const judged = compare(alone.artifacts, artifacts, places);
      seen.push(...judged.lost, ...judged.wrong);
      const lost = gone.length + judged.lost.length;
      const about = `${mode} at ${at} of ${operations[step]!} of ${command.join(' ')}: exit ${code}`;
      const wrong = seen.length - lost - unnoticed;
      return { struck, lost, wrong, unnoticed, about, ...(seen.length > 0 ? { seen } : {}) };
    };
    return { strike };
  },
};
export default attack;
