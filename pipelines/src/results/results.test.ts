import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Metric } from '@selfsup/kit/metric';
import { rankings } from '@selfsup/report/ranking';
import { collectResults, type Result } from './collect.ts';
import { diffResults } from './diff.ts';
import { csv } from './records.ts';
import { comparableMetric, findResult, select, sortResults } from './select.ts';
import { diffText, listText, rankingText } from './text.ts';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'selfsup-results-'))));
afterEach(() => rmSync(root, { recursive: true }));

const accuracy: Metric = {
  ...{ head: 'linear', protocol: 'zhang', layer: 'conv1', measure: 'top1' },
  ...{ unit: '%', better: 'more', value: 40 },
};
const loss: Metric = { head: 'pretext', measure: 'loss', unit: 'none', better: 'less', value: 0.5 };

interface Stage {
  readonly needs?: Record<string, string>;
  readonly output?: string;
  readonly metrics?: readonly Metric[];
  readonly minute?: number;
  readonly host?: string;
  readonly config?: unknown;
  readonly code?: string;
}

/** Publishes a stage by hand: what it read and gave, and the minute in which it ended. */
function put(path: string, stage: Stage = {}): void {
  const { needs = {}, output = path, metrics = [], minute = 0, host = 'vm', config = {}, code = 'c' } = stage;
  mkdirSync(join(root, path), { recursive: true });
  const write = (name: string, content: unknown): void =>
    writeFileSync(join(root, path, name), JSON.stringify(content));
  const keyParts = { uses: 'eval/x', seed: 1, config, needs, engine: { tfjs: '4' }, code };
  const declarations = { 'x.ts': { x: code } };
  write('manifest.json', {
    ...{ schema: 2, key: `k-${path}`, keyParts, code: { key: code, files: {}, packages: {}, declarations } },
    ...{ parts: [], places: [{ cpu: 'EPYC' }], resolvedConfig: config, blobs: {}, files: {}, outputDigest: output },
  });
  write('metrics.json', metrics);
  const finished = `2026-11-27T10:${String(minute).padStart(2, '0')}:00.000Z`;
  write('run.json', { finished, host, cpu: 'other', wallSeconds: 10 });
}

const tear = (path: string, text: string): void => writeFileSync(join(root, path), text);
const names = (results: readonly Result[]): string[] => results.map(({ name }) => name);

test('stages of a variant and seed are one result, in the order in which they ended', () => {
  put('few/ingest', { output: 'd' });
  put('a/base/seed-2/zero', { minute: 2, needs: { encoder: 'e' }, metrics: [accuracy], host: 'node' });
  put('a/base/seed-2/pretrain', { minute: 1, needs: { dataset: 'd' }, output: 'e', metrics: [loss] });
  put('a/base/seed-10/pretrain');
  put('work/a/base/seed-1/pretrain');
  mkdirSync(join(root, 'a/base/seed-3/begun'), { recursive: true });
  const { results, damaged } = collectResults(root);
  expect(damaged).toEqual([]);
  expect(names(results)).toEqual(['a/base/seed-2', 'a/base/seed-10']);
  expect(results[0]).toMatchObject({
    ...{ experiment: 'a', variant: 'base', seed: 2, seconds: 20, finished: '2026-11-27T10:02:00.000Z' },
    ...{ hosts: ['vm', 'node'], processors: ['EPYC'] },
    metrics: [
      { ...loss, stage: 'pretrain', data: ['few'] },
      // It read what pretraining gave, which read the dataset.
      { ...accuracy, stage: 'zero', data: ['few'] },
    ],
  });
});

test('digests that lead in a circle, or to nothing, name no data', () => {
  for (const stage of ['x', 'y', 'z']) put(`a/base/seed-1/${stage}`, { needs: { input: 'same' }, output: 'same' });
  expect(collectResults(root).results[0]!.stages.map(({ data }) => data)).toEqual([[], [], []]);
});

test('without an artifacts folder there are no results, and no fault', () => {
  expect(collectResults(join(root, 'none'))).toMatchObject({ results: [], damaged: [] });
});

test('what is damaged is named, and hides nothing else', () => {
  for (const stage of ['torn', 'newer', 'shapeless', 'list', 'measures', 'undated', 'lost', 'good']) {
    put(`a/base/seed-1/${stage}`, { metrics: [loss] });
  }
  const at = (file: string): string => `a/base/seed-1/${file}`;
  tear(at('torn/manifest.json'), '{"schema":2,');
  tear(at('newer/manifest.json'), '{"schema":9}');
  tear(at('shapeless/manifest.json'), '{"schema":2,"key":"k"}');
  tear(at('list/manifest.json'), '[]');
  tear(at('measures/metrics.json'), '[{"head":"x"}]');
  tear(at('undated/run.json'), '{"finished":"soon"}');
  rmSync(join(root, at('lost/metrics.json')));
  symlinkSync(join(root, 'unmounted'), join(root, 'b'));
  put('few/ingest');
  tear('few/ingest/manifest.json', 'x');
  const { results, damaged } = collectResults(root);
  expect(results[0]!.stages.map(({ stage }) => stage).sort()).toEqual(['good', 'lost', 'measures', 'undated']);
  // What took how long in all is not known.
  expect(results[0]!.seconds).toBeUndefined();
  expect(damaged).toHaveLength(9);
  for (const line of [
    'torn/manifest.json cannot be read',
    'newer/manifest.json is of schema 9, of a newer Selfsup',
    'shapeless/manifest.json is not as it should be: keyParts',
    'list/manifest.json is no manifest',
    'measures/metrics.json is no list of metrics',
    'undated/run.json is not as it should be: finished',
    'lost/metrics.json is missing',
    'b: ENOENT',
    'few/ingest/manifest.json cannot be read',
  ]) {
    expect(damaged.join('\n')).toContain(line);
  }
});

test('results are filtered by all that is asked for, and sorted by name, date, time or metric', () => {
  put('few/ingest', { output: 'd' });
  put('rotnet/base/seed-1/x', { minute: 3, metrics: [accuracy], needs: { dataset: 'd' } });
  put('rotnet/wide/seed-2/x', {
    minute: 1,
    metrics: [
      { ...accuracy, value: 60 },
      { ...loss, value: 2 },
    ],
  });
  put('aet/base/seed-1/x', { minute: 2, metrics: [{ ...loss, value: 1 }], host: 'node-7' });
  const { results } = collectResults(root);
  const [aet, base, wide] = ['aet/base/seed-1', 'rotnet/base/seed-1', 'rotnet/wide/seed-2'];
  expect(names(select(results, { experiment: 'rot*', seed: 2 }))).toEqual([wide]);
  expect(names(select(results, { variant: 'base', since: '2026-11-27T10:03' }))).toEqual([base]);
  expect(names(select(results, { since: '2026-11-28' }))).toEqual([]);
  expect(names(select(results, { data: 'few' }))).toEqual([base]);
  expect(names(select(results, { on: 'node' }))).toEqual([aet]);
  expect(names(sortResults(results, 'name'))).toEqual([aet, base, wide]);
  expect(names(sortResults(results, 'date'))).toEqual([base, aet, wide]);
  expect(names(sortResults(results, 'linear/zhang/*/top1'))).toEqual([wide, base, aet]);
  // Less of a loss is better.
  expect(names(sortResults(results, 'pretext/loss'))).toEqual([aet, wide, base]);
});

test('a metric that is not there, or takes what does not compare, is refused by name', () => {
  put('a/base/seed-1/x', { metrics: [accuracy, { ...accuracy, layer: 'conv2' }, loss] });
  const { results } = collectResults(root);
  expect(comparableMetric(results, 'linear/zhang/*/top1', 'metric')).toMatchObject({ measure: 'top1' });
  expect(() => comparableMetric(results, 'pretext/los', 'metric')).toThrow("did you mean 'pretext/loss'?");
  expect(() => comparableMetric(results, '*', 'metric')).toThrow(
    'metrics that do not compare: linear/zhang/conv1/top1 and pretext/loss',
  );
  expect(() => comparableMetric([], 'x', 'metric')).toThrow("No result has a metric 'x'");
});

test('a result is found by as much of its name as says which one is meant', () => {
  for (const name of ['a/base/seed-1/x', 'a/wide/seed-1/x', 'a/wide/seed-2/x', 'b/base/seed-1/x']) put(name);
  const { results } = collectResults(root);
  const found = (asked: string) => {
    const { result, stage } = findResult(results, asked, 'a');
    return [result.name, stage];
  };
  expect(found('b')).toEqual(['b/base/seed-1', undefined]);
  expect(found('a/wide/2')).toEqual(['a/wide/seed-2', undefined]);
  expect(found('a/wide/seed-2/x')).toEqual(['a/wide/seed-2', 'x']);
  expect(() => found('a/wide')).toThrow("'a/wide' may be one of 2 results");
  expect(() => found('a/wode/seed-1')).toThrow("did you mean 'a/wide/seed-1'?");
  expect(() => found('b/base/seed-1/y')).toThrow("b/base/seed-1 has no stage 'y'");
});

test('two results are compared stage by stage', () => {
  put('few/ingest', { output: 'd1' });
  put('many/ingest', { output: 'd2' });
  put('a/base/seed-1/train', { config: { epochs: 1 }, needs: { dataset: 'd1' }, output: 'e', minute: 1 });
  put('a/base/seed-1/old', { minute: 2 });
  put('a/wide/seed-2/train', {
    config: { epochs: 2 },
    needs: { dataset: 'd2' },
    output: 'f',
    code: 'other',
    minute: 1,
  });
  put('a/base/seed-1/probe', { output: 'same', metrics: [accuracy], minute: 3 });
  put('a/wide/seed-2/probe', { output: 'same', metrics: [{ ...accuracy, value: 42.5 }], minute: 3 });
  const { results } = collectResults(root);
  const [a, b] = results.map((result) => ({ result, stage: undefined }));
  const differences = diffResults(a!, b!);
  expect(differences).toMatchObject([
    {
      ...{ stage: 'train', sameOutput: false, config: ['seed: 1 -> 2', 'epochs: 1 -> 2'] },
      ...{ code: ['c -> other', 'x in x.ts was changed'], data: ['few -> many', 'dataset: d1 -> d2'], place: [] },
    },
    { stage: 'old', only: 'a' },
    { stage: 'probe', sameOutput: true, metrics: [{ metric: 'linear/zhang/conv1/top1', a: 40, b: 42.5 }] },
  ]);
  expect(diffText('a', 'b', differences)).toContain('linear/zhang/conv1/top1  40.00 %  ->  42.50 %  +2.50');
  // Stages of other names are compared where both are named.
  expect(diffResults({ ...a!, stage: 'train' }, { ...b!, stage: 'probe' })).toMatchObject([{ stage: 'train / probe' }]);
});

test('shares are in percent where people read them, as published in tables for programs', () => {
  const map: Metric = { ...accuracy, measure: 'map', unit: 'share', value: 0.07 };
  put('a/base/seed-1/x', { metrics: [map] });
  put('a/base/seed-2/x', { metrics: [{ ...map, value: 0.08 }], output: 'other' });
  const { results } = collectResults(root);
  expect(listText(results)).toContain('linear/zhang/conv1/map 7.00 %');
  expect(
    rankingText(
      rankings(results, () => true),
      1,
    ),
  ).toMatch(/7\.50 % ± 0\.71 {2}linear/);
  const [a, b] = results.map((result) => ({ result, stage: undefined }));
  expect(diffText('a', 'b', diffResults(a!, b!))).toContain('7.00 %  ->  8.00 %  +1.00');
  expect(csv(results)).toContain(',linear/zhang/conv1/map,0.07,share,more,');
});

test('the list has a line for each result, the table one for each metric', () => {
  put('a/base/seed-1/x', { metrics: [accuracy, { ...accuracy, layer: 'conv,"2"' }] });
  put('a/base/seed-2/x', {});
  const { results } = collectResults(root);
  expect(listText(results).split('\n').slice(1)).toEqual([
    'a/base/seed-1  2026-11-27 10:00  10 s  vm           linear/zhang/conv1/top1 40.00 %',
    'a/base/seed-2  2026-11-27 10:00  10 s  vm           –',
  ]);
  const line = 'a,base,1,x,linear/zhang/conv1/top1,40,%,more,,2026-11-27T10:00:00.000Z,vm,k-a/base/seed-1/x';
  expect(csv(results).split('\n').slice(1)).toEqual([
    line,
    line.replace('linear/zhang/conv1/top1', '"linear/zhang/conv,""2""/top1"'),
  ]);
});
