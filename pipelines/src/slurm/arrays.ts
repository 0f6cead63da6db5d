import { dirname } from 'node:path';
import type { Stage } from '../declare/stage.ts';
import { twinsAmong } from '../run/twins.ts';

/** Stages of one name that are submitted as one array; what makes a dataset, and the report, are jobs without one. */
export interface JobArray {
  readonly name: string;
  /** Number of each element: the same in all arrays for one variant and seed. */
  readonly indices: readonly number[];
  readonly stages: readonly Stage[];
  readonly isArray: boolean;
  readonly after: readonly Dependency[];
}

/**
 * `aftercorr`: each element after that of the same number, which has to be there; others may be too. `afterok`: all of them
 * after all of those.
 */
interface Dependency {
  readonly kind: 'aftercorr' | 'afterok';
  readonly array: string;
}

/**
 * The arrays of some stages, which stand after what they need, each array after those that it needs. Stages of one name
 * make one array over variants and seeds. One that will have the same key as another comes after that, in an array of
 * its own, and takes its result. What is needed and not among them counts as done. `all` says which numbers elements get.
 */
export function arraysOf(stages: readonly Stage[], all: readonly Stage[] = stages): JobArray[] {
  const rowOf = ({ folder }: Stage): string => dirname(folder);
  const rows = [...new Set(all.filter(({ kind }) => kind !== 'dataset').map(rowOf))];
  const byFolder = new Map(stages.map((stage) => [stage.folder, stage]));
  const twins = twinsAmong(stages);
  const before = (stage: Stage): Stage[] =>
    [...Object.values(stage.needs), twins.get(stage)].flatMap((need) => byFolder.get(need?.folder ?? '') ?? []);
  const depths = new Map<Stage, number>();
  const groups = new Map<string, Stage[]>();
  for (const stage of stages) {
    const depth = 1 + Math.max(0, ...before(stage).map((need) => depths.get(need)!));
    depths.set(stage, depth);
    // By depth, so that no two arrays can wait for each other.
    const key = stage.kind === 'dataset' ? stage.ref : `${depth} ${stage.name}`;
    groups.set(key, [...(groups.get(key) ?? []), stage]);
  }
  const taken = new Set<string>(['report']);
  const arrays = [...groups.values()]
    .sort(([a], [b]) => depths.get(a!)! - depths.get(b!)!)
    .map((members) => {
      const isArray = members[0]!.kind !== 'dataset';
      const name = unused(isArray ? members[0]!.name : members[0]!.ref.replace('/', '-'), taken);
      const indices = isArray ? members.map((stage) => rows.indexOf(rowOf(stage))) : [0];
      return { name, isArray, ...sorted(members, indices) };
    });
  const arrayOf = new Map(arrays.flatMap((array) => array.stages.map((stage) => [stage, array] as const)));
  return arrays.map((array) => {
    const needed = new Set(array.stages.flatMap((stage) => before(stage).map((need) => arrayOf.get(need)!)));
    const after = [...needed].map((need): Dependency => {
      const numbersAgree = need.isArray && array.indices.every((index) => need.indices.includes(index));
      const isOwn = array.stages.every((stage) =>
        before(stage).every((one) => arrayOf.get(one) !== need || rowOf(one) === rowOf(stage)),
      );
      return { kind: numbersAgree && isOwn ? 'aftercorr' : 'afterok', array: need.name };
    });
    return { ...array, after };
  });
}

function sorted(stages: readonly Stage[], indices: readonly number[]) {
  const pairs = stages.map((stage, i) => ({ stage, index: indices[i]! })).sort((a, b) => a.index - b.index);
  return { stages: pairs.map(({ stage }) => stage), indices: pairs.map(({ index }) => index) };
}

function unused(name: string, taken: Set<string>): string {
  let free = name;
  for (let i = 2; taken.has(free); i++) free = `${name}-${i}`;
  taken.add(free);
  return free;
}
