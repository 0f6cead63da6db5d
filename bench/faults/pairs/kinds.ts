import { commandOf, type Unit } from '../workspace.ts';
import { oldSeconds } from './old-things.ts';

/** Two commands at once, and what they find. */
export interface Pair {
  readonly name: string;
  readonly commands: readonly [readonly string[], readonly string[]];
  /** What is to be made or brought anew; of more than one, the last needs those before. */
  readonly units: readonly Unit[];
  /** What one of them, or both, has to tidy up. */
  readonly gc?: 'store' | 'remote';
  /** What they have to do with a remote. */
  readonly remote?: 'push' | 'pull';
}

const experiment = 'replay-evaluations';
const stages: readonly Unit[] = ['encoder', 'features', 'linear'].map((stage) => ({ experiment, stage }));
const ingestion: Unit = { experiment: 'data', stage: 'replay' };

const gc = ['gc', '--yes', '--min-age', String(oldSeconds / 60)];
/** Of the remote that the environment names. */
const gcOfRemote = ['gc', '--yes', '--remote', 'environment'];
const push = ['push', experiment];
const pull = ['pull', experiment, '--blobs'];
const run = ['run', experiment, '--stage', 'linear'];

/** The kinds of pairs, each with one of three stages where it has one. */
export const kinds: readonly ((draw: number) => Pair)[] = [
  (draw) => ofStage('a stage beside gc', draw, gc),
  (draw) => ofStage('a stage twice', draw),
  () => ({ name: 'two gcs', commands: [gc, gc], units: [], gc: 'store' }),
  () => ({ name: 'an ingestion twice', commands: [commandOf(ingestion), commandOf(ingestion)], units: [ingestion] }),
  () => ({ name: 'an ingestion beside gc', commands: [commandOf(ingestion), gc], units: [ingestion], gc: 'store' }),
  () => ({ name: 'two runs', commands: [run, run], units: stages }),
  () => ({ name: 'two pushes', commands: [push, push], units: [], remote: 'push' }),
  () => ({
    name: 'a push beside gc of its remote',
    commands: [push, gcOfRemote],
    units: [],
    remote: 'push',
    gc: 'remote',
  }),
  () => ({ name: 'two pulls', commands: [pull, pull], units: stages, remote: 'pull' }),
  (draw) => ({ name: 'a pull beside gc', commands: [pull, gc], units: [stages[draw]!], remote: 'pull', gc: 'store' }),
  (draw) => ({ name: 'a stage beside a run', commands: [commandOf(stages[draw]!), run], units: stages.slice(draw) }),
];

function ofStage(name: string, draw: number, second?: readonly string[]): Pair {
  const unit = stages[draw]!;
  const command = commandOf(unit);
  return { name, commands: [command, second ?? command], units: [unit], ...(second === gc ? { gc: 'store' } : {}) };
}
