import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deriveKey, integer } from '@selfsup/kit/random';
import { openDisk } from '@selfsup/kit/testing/faulty-disk';
import { cutPower, readLog, type Model } from '@selfsup/kit/testing/power-cut';
import type { Attack, Outcome } from '../campaign.ts';
import { compare } from '../judge.ts';
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
    // A result is acknowledged when the next stage begins, which may count on it; the last one's when the command has ended.
    const begins = chain.map((unit, i) => {
      const renamed = operations.findIndex(({ kind, to }) => kind === 'R' && to === join(artifacts, places[i]!));
      if (renamed < 0) throw new Error(`${places[i]} was not put in its place by a rename`);
      const { work } = foldersOf(unit);
      return operations.findIndex(({ path }) => path.startsWith(join(artifacts, work)));
    });
    const acknowledged = [...begins.slice(1), operations.length];

    const strike = async (which: number): Promise<Outcome> => {
      const drawn = deriveKey(key, which);
      const model: Model = which % 2 === 0 ? 'journal' : 'folders';
      // As many cuts in each stage, of which the pretraining with its saves writes most.
      const stage = Math.floor(which / 2) % chain.length;
      const cut = begins[stage]! + 1 + integer(drawn, acknowledged[stage]! - begins[stage]!, 0);
      cutPower(operations, cut, artifacts, model, deriveKey(drawn, 'disk'));
      const intact = places.filter((below) => {
        const { lost, wrong } = compare(alone.artifacts, artifacts, [below]);
        return lost.length + wrong.length === 0;
      });
      const gone = places.filter((below, i) => cut >= acknowledged[i]! && !intact.includes(below));
      const seen = gone.map((below) => `${below} was acknowledged, and is not there whole`);
      const again = await live.run('selfsup', command);
      if (again.code !== 0) seen.push(`run again it ends with ${again.code}: ${again.output.slice(-800)}`);
      const judged = compare(alone.artifacts, artifacts, places);
      seen.push(...judged.lost, ...judged.wrong);
      const about = `in ${chain[stage]!.stage}, before operation ${cut} of ${operations.length} (${model}); ${intact.length} of ${places.length} results there`;
      const lost = gone.length + judged.lost.length;
      return { struck: 1, lost, wrong: seen.length - lost, unnoticed: 0, about, ...(seen.length > 0 ? { seen } : {}) };
    };
    return { strike };
  },
};
export default attack;
