import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deriveKey, integer } from '@selfsup/kit/random';
import { openDisk } from '@selfsup/kit/testing/faulty-disk';
import { cutPower, readLog, type Model } from '@selfsup/kit/testing/power-cut';
import type { Attack, Outcome } from '../campaign.ts';
import { compare, faultsIn } from '../judge.ts';
import { foldersOf, openWorkspace, reference } from '../workspace.ts';

/** From the source to a number: a dataset, a pretraining that saves all the time, features and a probe. */
const units = ['encoder', 'features', 'linear'].map((stage) => ({ experiment: 'replay-evaluations', stage }));
const chain = [{ experiment: 'data', stage: 'replay' }, ...units];

const attack: Attack = {
  title: 'power cut: unsynced writes and names dropped at random',
  cases: 200,
  async open({ folder, key }) {
    const above = dirname(folder);
    const alone = await reference(above);
    const artifacts = join(folder, 'artifacts');
    const live = openWorkspace(alone.root, artifacts);
    const disk = openDisk(join(folder, 'disk'));
    const command = ['run', 'replay-evaluations', '--stage', 'linear'];
    const places = chain.map((unit) => foldersOf(unit).published);
    rmSync(artifacts, { recursive: true, force: true });
    const env = disk.env('log', { root: artifacts });
    const { code, output } = await live.run('selfsup', command, env);
    if (code !== 0) throw new Error(`Left alone it ends with ${code}:\n${output}`);
    const operations = readLog(disk.log);
    // A result is acknowledged once the folder that it was renamed into is on the disk.
    const acknowledged = places.map((below) => {
      const renamed = operations.findIndex(({ kind, to }) => kind === 'R' && to === join(artifacts, below));
      return operations.findIndex(
        ({ kind, path }, i) => i > renamed && kind === 'S' && path === dirname(join(artifacts, below)),
      );
    });

    const strike = async (which: number): Promise<Outcome> => {
      const drawn = deriveKey(key, which);
      const model: Model = which % 2 === 0 ? 'journal' : 'folders';
      const cut = 1 + integer(drawn, operations.length, 0);
      cutPower(operations, cut, artifacts, model, deriveKey(drawn, 'disk'));
      const whole = places.filter(
        (below) =>
          existsSync(join(artifacts, below, 'manifest.json')) && existsSync(join(artifacts, below, 'SHA256SUMS')),
      );
      const intact = whole.filter((below) => faultsIn(artifacts, below).length === 0);
      const gone = places.filter(
        (below, i) => cut > acknowledged[i]! && acknowledged[i]! > 0 && !intact.includes(below),
      );
      const seen = gone.map((below) => `${below} was acknowledged, and is not there whole`);
      const again = await live.run('selfsup', command);
      if (again.code !== 0) seen.push(`run again it ends with ${again.code}: ${again.output.slice(-800)}`);
      const judged = compare(alone.artifacts, artifacts, places);
      seen.push(...judged.lost, ...judged.wrong);
      const about = `before operation ${cut} of ${operations.length} (${model}); ${intact.length} of ${places.length} results there`;
      const lost = gone.length + judged.lost.length;
      return { struck: 1, lost, wrong: seen.length - lost, unnoticed: 0, about, ...(seen.length > 0 ? { seen } : {}) };
    };
    return { strike };
  },
};
export default attack;
