import type { Stage } from '../declare/stage.ts';

/** Stages under the name that a reader knows them by: a variant of an experiment, an entry of a comparison. */
export interface NamedStages {
  readonly name: string;
  readonly stages: readonly Stage[];
}

/** What has not been run: a line for the names of which nothing has, and one for all that lack the same. */
export function notRun(named: readonly NamedStages[], missing: ReadonlySet<Stage>): string[] {
  const lacking = named
    .map(({ name, stages }) => ({ name, lacks: whatLacks(stages, missing) }))
    .filter(({ lacks }) => lacks !== '');
  return [...grouped(lacking, ({ lacks }) => lacks)].map(([lacks, all]) => {
    const names = all.map(({ name }) => name).join(', ');
    if (lacks === everything) return `${names} ${all.length === 1 ? 'has' : 'have'} not been run.`;
    return `Of ${names} these have not been run: ${lacks}.`;
  });
}

const everything = 'everything';

/** Seeds of which nothing was run, and stages of the others; `everything`, or nothing. */
function whatLacks(stages: readonly Stage[], missing: ReadonlySet<Stage>): string {
  const seeds = [...grouped(stages, ({ seed }) => seed)];
  const whole = seeds.filter(([, all]) => all.every((stage) => missing.has(stage))).map(([seed]) => seed);
  if (whole.length === seeds.length) return everything;
  const some = seeds
    .filter(([seed, all]) => !whole.includes(seed) && all.some((stage) => missing.has(stage)))
    .map(([seed, all]) => {
      const names = all.filter((stage) => missing.has(stage)).map(({ name }) => name);
      return { seed, names: names.join(', ') };
    });
  const parts = [...grouped(some, ({ names }) => names)].map(
    ([names, of]) => `${names} of ${seedsOf(of.map(({ seed }) => seed))}`,
  );
  return [...(whole.length > 0 ? [seedsOf(whole)] : []), ...parts].join('; ');
}

const seedsOf = (seeds: readonly number[]): string => `${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}`;

/** Things by their key, in the order in which they came. */
function grouped<Thing, Key>(things: readonly Thing[], keyOf: (thing: Thing) => Key): Map<Key, Thing[]> {
  const groups = new Map<Key, Thing[]>();
  for (const thing of things) {
    const group = groups.get(keyOf(thing));
    if (group === undefined) groups.set(keyOf(thing), [thing]);
    else group.push(thing);
  }
  return groups;
}
