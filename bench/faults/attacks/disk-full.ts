import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { permutation } from '@selfsup/kit/random';
import { openDisk } from '@selfsup/kit/testing/faulty-disk';
import type { Attack, Outcome } from '../campaign.ts';
import { digestOf } from '../contents.ts';
import { compare, publishedBelow } from '../judge.ts';
import { openWarm } from '../warm.ts';
import { addExperiment, checkoutIn, commandOf, foldersOf, openWorkspace, type Ended, type Unit } from '../workspace.ts';

const experiment = 'faults-disk';
/** From the source to a number, one command each. */
const chain: readonly Unit[] = [
  { experiment: 'data', stage: 'replay' },
  ...['encoder', 'features', 'linear'].map((stage) => ({ experiment, stage })),
];
const commands = [...chain.map(commandOf), ['report', experiment]];
/** Two steps, saved after each, and as many of a probe. */
const stages = {
  encoder: {
    uses: 'tasks/rotnet',
    needs: { dataset: 'data/replay' },
    config: {
      network: { name: 'nin', blocks: 1, width: 4 },
      data: { augment: { padCrop: 4, flip: true } },
      ...{ epochs: 2, batchSize: 160, checkpoint: { everyEpochs: 1 } },
    },
  },
  features: {
    uses: 'eval/features',
    needs: { encoder: 'encoder', dataset: 'data/replay' },
    config: { layers: ['conv1'] },
  },
  linear: {
    uses: 'eval/linear-probe',
    needs: { features: 'features' },
    config: { protocol: 'faults', layer: 'conv1', epochs: 2, batchSize: 160 },
  },
};
const modes = ['enospc', 'eio'] as const;
/** Who reads an error has to see whose fault it was. */
const ofTheDisk = /ENOSPC|EIO|disk|no space|input\/output/i;
/** What a command may end well without. */
const mayFail: readonly RegExp[] = [
  // Node asks for a folder again, and copies in another way what `sendfile` does not.
  /^mkdir /,
  /^copy /,
  // LMDB opens what it could not make once more.
  /^open .*\/data\.mdb$/,
  // TensorFlow tells nobody what of its curves is not written.
  /^fwrite .*\/events\//,
  // What was read is only remembered: it is read again.
  /\/store\/verified\//,
  // For those who watch, and written anew all the time.
  /\/progress\.json(\.tmp)?$/,
  // A lease that could not be given back stands still, and whoever comes next takes it over.
  /^(unlink|rename|rmdir) .*\/lease(\/|$)/,
];
/** Where one case strikes. */
interface Point {
  readonly step: number;
  readonly mode: (typeof modes)[number];
  readonly at: number;
  /** Operations of its command. */
  readonly of: number;
}
type Run = (args: readonly string[]) => Promise<Ended>;

/**
 * A full disk (all writes fail from the n-th on) and a broken one (the n-th write or sync fails), for every n; with
 * `--set command=ingest` of that command alone, in a folder of its own.
 */
const attack: Attack = {
  title: 'ENOSPC from, and EIO at, the n-th write, for every n of ingestion, pretraining, features, probe and report',
  cases: 100_000,
  async open({ folder, key, options }) {
    const root = await checkoutIn(dirname(folder));
    addExperiment(root, experiment, { stages });
    const disk = openDisk(join(folder, 'disk'));
    const artifacts = join(folder, 'artifacts');
    const live = openWorkspace(root, artifacts);
    const before = (step: number): string => join(folder, `before-${step}`);
    const whole = before(commands.length);
    const restore = (from: string, to: string): void => {
      rmSync(to, { recursive: true, force: true });
      cpSync(from, to, { recursive: true, preserveTimestamps: true });
    };
    let warm = openWarm(live, disk.env('count', { root: artifacts }));
    // What stands before each command, and how many operations each takes: of one that has loaded nothing some are others.
    rmSync(artifacts, { recursive: true, force: true });
    mkdirSync(artifacts, { recursive: true });
    const operations: number[][] = [];
    for (const [step, command] of commands.entries()) {
      restore(artifacts, before(step));
      const counts: number[] = [];
      for (const mode of modes) {
        restore(before(step), artifacts);
        disk.turn(mode);
        const { code, output } = await warm.run(command);
        if (code !== 0) throw new Error(`${command.join(' ')} ends with ${code}:\n${output}`);
        counts.push(disk.count());
      }
      operations.push(counts);
    }
    restore(artifacts, whole);
    const found = operations.flatMap((counts, step) =>
      counts.flatMap((count, which) =>
        Array.from({ length: count }, (_, i): Point => ({ step, mode: modes[which]!, at: i + 1, of: count })),
      ),
    );
    const wanted = found.filter(({ step }) => commands[step]!.join(' ').startsWith(options['command'] ?? ''));
    // Kept, since a lease that is renewed meanwhile is an operation more; in an order in which the first ones are spread.
    const list = join(folder, 'points.json');
    if (!existsSync(list))
      writeFileSync(list, JSON.stringify(Array.from(permutation(key, wanted.length), (i) => wanted[i])));
    const points = JSON.parse(readFileSync(list, 'utf8')) as Point[];
    console.log(`operations of each command, without flushes and with: ${operations.join('; ')}`);

    const judged = async (which: number, run: Run, strikes: () => Promise<Ended>): Promise<Outcome> => {
      const { step, mode, at, of } = points[which]!;
      const command = commands[step]!;
      const there = publishedBelow(artifacts);
      const { code, signal, output } = await strikes();
      const hits = disk.struck();
      disk.turn('count');
      const seen: string[] = [];
      let unnoticed = 0;
      const swallowed = hits.filter((hit) => !mayFail.some((words) => words.test(hit)));
      if (code === 0 && swallowed.length > 0) {
        unnoticed = 1;
        seen.push(`ends well though this failed: ${swallowed.slice(0, 3).join(', ')}`);
      }
      const isClear =
        code === 1 &&
        ofTheDisk.test(output) &&
        /error: .*\n( .*\n)* *remedy: /.test(output) &&
        !/\n {4}at /.test(output);
      if (code !== 0 && !isClear) {
        unnoticed = 1;
        seen.push(`ends with ${code ?? signal} and no clear error: ${output.slice(-700)}`);
      }
      const after = publishedBelow(artifacts);
      const damaged = compare(whole, artifacts, after);
      const gone = there.filter((below) => !after.includes(below));
      seen.push(...damaged.wrong, ...gone.map((below) => `${below} was there before, and is gone`));
      const again = await run(command);
      if (again.code !== 0) seen.push(`with room again it ends with ${again.code}: ${again.output.slice(-700)}`);
      const end = compare(
        whole,
        artifacts,
        chain.slice(0, step + 1).map((unit) => foldersOf(unit).published),
      );
      seen.push(...end.lost, ...end.wrong);
      const page = [whole, artifacts].map((top) => join(top, experiment, 'report/index.html'));
      if (step === chain.length && !(existsSync(page[1]!) && digestOf(page[0]!) === digestOf(page[1]!)))
        seen.push('the report is another');
      const lost = gone.length + end.lost.length;
      const what = hits[0]?.replace(artifacts, '') ?? 'nothing';
      const about = `${mode} at ${at} of ${of} of ${command.join(' ')}, ${what}: exit ${code}`;
      const wrong = seen.length - lost - unnoticed;
      return { struck: Math.min(1, hits.length), lost, wrong, unnoticed, about, ...(seen.length > 0 ? { seen } : {}) };
    };

    const strike = async (which: number): Promise<Outcome> => {
      const { step, mode, at } = points[which]!;
      const how = { at, span: mode === 'enospc' ? 0 : 1 };
      restore(before(step), artifacts);
      const first = await judged(
        which,
        (args) => warm.run(args),
        () => {
          disk.turn(mode, how);
          return warm.run(commands[step]!);
        },
      );
      if (first.seen === undefined) return first;
      // What a command that failed left in the process may be what the next one met: they are tried in their own.
      await warm.close();
      console.log(`${first.about}, in one process with others:\n${first.seen.join('\n')}`);
      restore(before(step), artifacts);
      const env = disk.env(mode, { root: artifacts, ...how });
      const run: Run = (args) => live.run('selfsup', args);
      const second = await judged(which, run, () => live.run('selfsup', commands[step]!, env));
      warm = openWarm(live, disk.env('count', { root: artifacts }));
      return { ...second, about: `${second.about} (in a process of its own)` };
    };
    return { cases: points.length, strike, close: () => warm.close() };
  },
};
export default attack;
