import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { integer } from '@selfsup/kit/random';
import { archive } from '../archive.ts';
import { publishedBelow } from '../judge.ts';
import { experiments, foldersOf, stagesOf } from '../workspace.ts';
import type { Consumer, Means } from './consumer.ts';
import { manifestOf, placesOf, restore } from './copies.ts';
import { remoteTargets, type Target } from './targets.ts';

const archived = foldersOf({ experiment: 'data', stage: archive }).published;

/**
 * A pull of the results in which the target is, and of one that has nothing to do with it: that one has to come, whatever
 * becomes of the others.
 */
export function pullOf({
  alone,
  live,
  places,
  sharing,
}: Pick<Means, 'alone' | 'live' | 'places' | 'sharing'>): Consumer {
  const { artifacts } = live;
  let beside: string[] = [];
  const remove = (...below: string[]): void => {
    for (const one of below) rmSync(join(artifacts, one), { recursive: true, force: true });
  };
  /** The results whose record this is, or stands in. */
  const recordedWith = ({ path }: Target): string[] =>
    publishedBelow(alone.artifacts).filter((below) => {
      const { key } = manifestOf(alone, below);
      const record = join(places.remote, 'results', key.slice(0, 2), `${key}.json`);
      return record === path || readFileSync(record, 'latin1').includes(basename(path));
    });
  const isWhole = (below: string): boolean => placesOf(alone, below).every((one) => existsSync(join(artifacts, one)));
  // No experiment asks for this dataset: a pull without names leaves it.
  const isByName = (results: readonly string[]): boolean => results.includes(archived);
  return {
    name: 'pull',
    targets: () => remoteTargets(places.remote),
    ready: (target, key) => {
      const results = recordedWith(target);
      const others = isByName(results) ? [] : independentOf(results);
      beside = others.length === 0 ? [] : [others[integer(key, others.length, 4)]!];
      const all = [...results, ...beside].flatMap((below) => placesOf(alone, below));
      // What an earlier pull has begun to fetch would not be read again.
      remove('store/keys', 'work/.arriving', ...all);
    },
    run: (target) => {
      const names = isByName(recordedWith(target)) ? [`data/${archive}`] : [];
      return sharing.run(['pull', '--blobs', ...names]);
    },
    does: 'name',
    flips: 1,
    units: (target) => [...beside, ...recordedWith(target).filter(isWhole)],
    // Whose blobs were refused.
    smallFiles: (target) =>
      recordedWith(target).filter((below) => !isWhole(below) && existsSync(join(artifacts, below, 'manifest.json'))),
    replaces: false,
    after: (target) => {
      for (const below of [...recordedWith(target), ...beside]) restore({ alone, live }, below);
      // That a blob lies in the remote would count elsewhere.
      remove('store/elsewhere');
    },
  };

  /** Stages that need none of these results, nor what is made of one: without its needs no stage has a key. */
  function independentOf(results: readonly string[]): string[] {
    const spoilt = new Set(results);
    for (const experiment of experiments) {
      for (const { stage, needs } of stagesOf(live, experiment)) {
        const before = needs.map((need) =>
          need.startsWith('data/')
            ? foldersOf({ experiment: 'data', stage: need.slice('data/'.length) })
            : foldersOf({ experiment, stage: need }),
        );
        if (before.some(({ published }) => spoilt.has(published)))
          spoilt.add(foldersOf({ experiment, stage }).published);
      }
    }
    return publishedBelow(alone.artifacts).filter((below) => !spoilt.has(below) && below !== archived);
  }
}
