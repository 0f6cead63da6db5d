import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deriveKey, integer, uniform } from '@selfsup/kit/random';
import type { Attack, Outcome } from '../campaign.ts';
import { compare, publishedBelow, startReader } from '../judge.ts';
import { commandOf, copyOf, ended, foldersOf, openWorkspace, reference, type Unit } from '../workspace.ts';

const units: readonly Unit[] = [
  { experiment: 'data', stage: 'replay' },
  { experiment: 'replay-evaluations', stage: 'encoder' },
  { experiment: 'replay-evaluations', stage: 'features' },
  { experiment: 'replay-evaluations', stage: 'linear' },
];
const gc = ['gc', '--yes', '--min-age', '60'];

/**
 * Two commands at once on one store, the second a moment after the first; every other pair in two PID namespaces, as two
 * hosts or containers are, which cannot see whether the other's process is there.
 */
const attack: Attack = {
  title: 'two runs, ingestions or gcs at once on one store, half of them in two PID namespaces',
  cases: 50,
  async open({ folder, key }) {
    const alone = await reference(dirname(folder));
    const artifacts = join(folder, 'artifacts');
    copyOf(alone, artifacts);
    const live = openWorkspace(alone.root, artifacts);

    const strike = async (which: number): Promise<Outcome> => {
      const drawn = deriveKey(key, which);
      const unit = units[integer(drawn, units.length, 0)]!;
      const { published, work } = foldersOf(unit);
      for (const path of [published, work, 'store/keys'])
        rmSync(join(artifacts, path), { recursive: true, force: true });
      // A blob that nobody names, young enough to be spared: of a stage that is about to publish.
      const young = join(artifacts, 'store/sha256/ab', `ab${'0'.repeat(62)}`);
      mkdirSync(dirname(young), { recursive: true });
      writeFileSync(young, 'about to be published');
      const kinds = [
        [commandOf(unit), commandOf(unit)],
        [commandOf(unit), gc],
        [commandOf(unit), ['run', 'replay-evaluations', '--stage', 'linear']],
      ] as const;
      const pair = kinds[integer(drawn, kinds.length, 1)]!;
      const apart = which % 2 === 1;
      const reader = startReader(artifacts, [published]);
      const first = live.start('selfsup', pair[0], {}, apart);
      const firstEnd = ended(first);
      await sleep(uniform(drawn, 2) * 1500);
      const secondEnd = ended(live.start('selfsup', pair[1], {}, apart));
      const both = await Promise.all([firstEnd, secondEnd]);
      const seen = both.flatMap(({ code, output }, i) =>
        code === 0 ? [] : [`${pair[i]!.join(' ')} ended with ${code}: ${output.slice(-600)}`],
      );
      // Who computes it says "done in"; the other finds it done.
      const label = unit.experiment === 'data' ? `data/${unit.stage}` : unit.stage;
      const computed = both.flatMap(({ output }) =>
        output.split('\n').filter((line) => line.includes(label) && /: done in /.test(line)),
      );
      if (computed.length > 1) seen.push(`computed twice: ${computed.join(' | ')}`);
      if (!existsSync(young)) seen.push('gc removed a blob that was young');
      seen.push(...(await reader.stop()));
      const judged = compare(
        alone.artifacts,
        artifacts,
        which % 5 === 4 ? publishedBelow(alone.artifacts) : [published],
      );
      seen.push(...judged.lost, ...judged.wrong);
      const about = `${pair.map((words) => words.join(' ')).join(' beside ')}${apart ? ', each in its PID namespace' : ''}`;
      const lost = judged.lost.length;
      return { struck: 1, lost, wrong: seen.length - lost, unnoticed: 0, about, ...(seen.length > 0 ? { seen } : {}) };
    };
    return { strike };
  },
};
export default attack;
