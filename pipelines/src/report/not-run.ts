import type { Stage } from '../declare/stage.ts';

/** What of an experiment has not been run, a line for each variant of which something is missing. */
export function notRun(stages: readonly Stage[], missing: ReadonlySet<Stage>): string[] {
  return [...grouped(stages, ({ variant }) => variant)].flatMap(([variant, own]) => {
    const seeds = [...grouped(own, ({ seed }) => seed)];
    const whole = seeds.filter(([, all]) => all.every((stage) => missing.has(stage))).map(([seed]) => seed);
    if (whole.length === seeds.length) return [`${variant} has not been run.`];
    const parts = new Map<string, number[]>();
    for (const [seed, all] of seeds) {
      const names = all.filter((stage) => missing.has(stage)).map(({ name }) => name);
      if (names.length === 0 || whole.includes(seed)) continue;
      const text = names.join(', ');
      parts.set(text, [...(parts.get(text) ?? []), seed]);
    }
    const lacking = [
      ...(whole.length > 0 ? [seedsOf(whole)] : []),
      ...[...parts].map(([names, of]) => `${names} of ${seedsOf(of)}`),
    ];
    return lacking.length === 0 ? [] : [`Of ${variant} these have not been run: ${lacking.join('; ')}.`];
  });
}

const seedsOf = (seeds: readonly number[]): string => `${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}`;

function grouped<Key>(stages: readonly Stage[], keyOf: (stage: Stage) => Key): Map<Key, Stage[]> {
  const groups = new Map<Key, Stage[]>();
  for (const stage of stages) groups.set(keyOf(stage), [...(groups.get(keyOf(stage)) ?? []), stage]);
  return groups;
}
