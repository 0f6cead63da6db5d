import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { fashionFiles, writeTree } from '../testing/archives.ts';
import { quietProgress, userError, workplace } from '../testing/workplace.ts';
import { checkDatasetConfig, readDatasetConfig } from './dataset-config.ts';
import { ingest } from './ingest.ts';
import { resolveSource } from './resolve.ts';

const folder = await workplace();
beforeAll(() => writeTree(join(folder, 'data', 'fashion-mnist'), fashionFiles(20, 10)));

const shapes = { type: 'shapes', size: 28, channels: 1, train: 20, test: 10 };
const local = { type: 'fashion-mnist', from: ['files'] };

async function resolve(sources: readonly object[], more: Partial<Parameters<typeof resolveSource>[0]> = {}) {
  const config = await checkDatasetConfig({ sources });
  return resolveSource({ config, datasetFolder: folder, progress: quietProgress(), ...more });
}

describe('resolveSource', () => {
  it('takes the first source that answers', async () => {
    const resolved = await resolve([local, shapes], { dataFolder: join(folder, 'data') });
    expect(resolved).toMatchObject({ type: 'fashion-mnist', fallback: false, passedOver: [] });
    expect(resolved.chosen).toBe('Fashion-MNIST, the four IDX files');
  });

  it('says plainly that it fell to another one, in words, warning, key and manifest', async () => {
    const progress = quietProgress();
    const resolved = await resolve([local, shapes], { progress });
    expect(resolved).toMatchObject({ type: 'shapes', fallback: true });
    expect(resolved.chosen).toMatch(/Shapes rendered by Selfsup.* standing in for fashion-mnist, which did not answer/);
    expect(progress.warnings.join('\n')).toMatch(/fashion-mnist does not answer: no folder.*\n.*Using instead/);
    const direct = await resolve([shapes]);
    expect(resolved.identity).not.toEqual(direct.identity);
    const config = await checkDatasetConfig({ sources: [local, shapes] });
    const { signal } = new AbortController();
    const { manifest } = await ingest({
      name: 'q',
      config,
      workFolder: join(folder, 'q'),
      progress,
      signal,
      datasetFolder: folder,
    });
    expect(manifest.source).toMatchObject({ type: 'shapes', fallback: true, chosen: resolved.chosen });
  });

  it('has an identity without what changes no record', async () => {
    const strict = await checkDatasetConfig({ sources: [shapes], quarantine: { atMost: 0 } });
    const lenient = await checkDatasetConfig({ sources: [shapes], quarantine: { atMost: 0.5 } });
    const { identity } = await resolve([shapes], { config: strict });
    expect(identity).toEqual((await resolve([shapes], { config: lenient })).identity);
  });

  it('has an identity without places', async () => {
    const byFolder = await resolve([local], { dataFolder: join(folder, 'data') });
    const byPath = await resolve([{ type: 'fashion-mnist', path: 'data/fashion-mnist' }]);
    const byCommandLine = await resolve([local, shapes], { path: join(folder, 'data', 'fashion-mnist') });
    expect(byPath.identity).toEqual(byFolder.identity);
    expect(byCommandLine.identity).toEqual(byFolder.identity);
    expect(JSON.stringify([byPath.identity, byPath.chosen])).not.toContain(folder);
  });

  it('never passes over a path that was given', async () => {
    const given = resolve([{ type: 'fashion-mnist', path: 'mistyped' }, shapes]);
    expect(await userError(given)).toMatch(/does not exist[^]*mistyped/);
  });

  it('says which folder was looked in, and that there is none', async () => {
    const missing = [{ type: 'cifar10', download: false }];
    const lost = join(folder, 'lost');
    expect(await userError(resolve(missing))).toContain('SELFSUP_DATA is not set.');
    expect(await userError(resolve(missing, { dataFolder: folder }))).toContain(`SELFSUP_DATA names ${folder}.`);
    expect(await userError(resolve(missing, { dataFolder: lost }))).toContain(
      `SELFSUP_DATA names ${lost}, a folder that does not exist.`,
    );
  });

  it('lists each reason and remedy where no source answers', async () => {
    const none = resolve([local, { type: 'cifar10', download: false }], { file: 'dataset.json' });
    expect(await userError(none)).toMatch(
      /No source of this dataset answers:\n {2}fashion-mnist: .*\n {2}cifar10: [^]*dataset\.json[^]*t10k-images[^]*cifar-10-binary/,
    );
  });
});

describe('dataset.json', () => {
  it.each([
    [
      { sources: [{ type: 'cifar11' }] },
      /no data source "cifar11"[^]*sources\.0\.type[^]*cifar10, cifar100, coco, fashion-mnist[^]*shapes/,
    ],
    [
      { sources: [{ type: 'shapes', sise: 3 }] },
      /Unknown key 'sise'; did you mean 'size'[^]*sources\.0\.sise[^]*size, channels/,
    ],
    [{ sources: [{ type: 'shapes', size: '3' }] }, /number[^]*sources\.0\.size/],
    [{ sources: [shapes], subsets: 1 }, /Unknown key 'subsets'[^]*about, sources, store, quarantine/],
    [{ sources: [shapes], quarantine: { at: 1, atMost: 1 } }, /Unknown key 'at'[^]*quarantine\.at[^]*atMost/],
    [{ sources: [] }, /sources/],
    [{}, /sources/],
  ])('refuses %j naming file, field and what is known', async (value, message) => {
    const error = await userError(checkDatasetConfig(value, '/somewhere/dataset.json'));
    expect(error).toMatch(message);
    expect(error).toContain('/somewhere/dataset.json');
  });

  it('refuses a file that is missing or not JSON', async () => {
    expect(await userError(readDatasetConfig(join(folder, 'none.json')))).toMatch(/no such dataset[^]*none\.json/);
    await writeTree(folder, { 'bad.json': Buffer.from('{ "sources": [') });
    expect(await userError(readDatasetConfig(join(folder, 'bad.json')))).toMatch(/Not valid JSON[^]*bad\.json/);
  });

  it.each(['cifar10', 'fashion-mnist', 'shapes', 'quickstart'])('of %s is valid', async (name) => {
    const file = join(import.meta.dirname, '..', '..', '..', '..', 'pipelines', 'datasets', name, 'dataset.json');
    expect((await readDatasetConfig(file)).sources.length).toBeGreaterThan(0);
  });
});
