import { generateKeyPairSync } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '@selfsup/kit/files';
import { listening } from '../testing/local-server.ts';
import { createTestWorkspace, toyExperiment, type TestWorkspace } from '../testing/workspace.ts';

let remote: string;
let here: TestWorkspace;
let there: TestWorkspace;
beforeEach(() => {
  remote = mkdtempSync(join(tmpdir(), 'selfsup-remote-'));
  here = createTestWorkspace();
  there = createTestWorkspace();
});
afterEach(() => {
  for (const one of [here, there]) one.remove();
  rmSync(remote, { recursive: true, force: true });
});

const settings = (more: object = {}) => ({ remotes: { team: { url: remote, push: 'always', ...more } } });
const published = 'artifacts/toy/base/seed-1';
const blobsOf = (workspace: TestWorkspace): string[] => {
  try {
    return readdirSync(workspace.path('artifacts/store/sha256'));
  } catch {
    return [];
  }
};

test('what one clone has computed is done in another, whose changed evaluation reruns alone', async () => {
  here.write('selfsup.json', settings());
  const first = await here.run('run', 'toy');
  expect(first).toMatchObject({ code: 0, output: expect.stringContaining('pushed to team') });
  there.write('selfsup.json', settings({ push: 'never' }));
  const second = await there.run('run', 'toy');
  expect(second).toMatchObject({ code: 0, output: expect.stringContaining('taken from team') });
  expect(there.log()).toEqual([]);
  // Small files alone, the report from them, with where it was computed.
  expect(blobsOf(there)).toEqual([]);
  for (const name of ['manifest.json', 'metrics.json', 'run.json']) {
    const file = `${published}/measure/${name}`;
    expect(there.json(file)).toEqual(here.json(file));
  }
  expect(await there.run('run', 'toy')).toMatchObject({ code: 0, output: expect.not.stringContaining('taken') });
  const changed = structuredClone(toyExperiment);
  (changed.stages.measure.config as { factor?: number }).factor = 2;
  there.write('pipelines/experiments/toy/experiment.json', changed);
  expect(await there.run('run', 'toy', '--offline')).toMatchObject({
    code: 1,
    output: expect.stringMatching(/is not on this machine.*[\s\S]*--offline/),
  });
  expect((await there.run('run', 'toy')).code).toBe(0);
  expect(there.log()).toEqual(['measure run 6']);
  expect(blobsOf(there)).not.toEqual([]);
  // Its code too.
  const evaluation = 'packages/eval/src/evaluations/measure/measure.ts';
  const text = readFileSync(there.path(evaluation), 'utf8');
  there.write(evaluation, text.replace('value * config.factor', 'config.factor * value'));
  expect((await there.run('run', 'toy')).code).toBe(0);
  expect(there.log()).toEqual(['measure run 6', 'measure run 6']);
  // Never written to.
  expect(await here.run('status', 'toy')).toMatchObject({
    output: expect.stringMatching(/^both +toy\/base\/seed-1\/measure$/m),
  });
  expect(await there.run('status', 'toy')).toMatchObject({
    output: expect.stringMatching(/^here +toy\/base\/seed-1\/measure$/m),
  });
  expect(await there.run('push')).toMatchObject({
    code: 1,
    output: expect.stringContaining('No remote may be pushed to'),
  });
});

test('a comparison takes what it compares from a remote, and says where it was computed', async () => {
  const entries = [{ experiment: 'toy' }];
  for (const one of [here, there]) {
    one.write('selfsup.json', settings());
    one.write('pipelines/comparisons/both/comparison.json', { about: { title: 'Both' }, entries });
  }
  expect((await here.run('compare', 'both')).code).toBe(0);
  const { code, output } = await there.run('compare', 'both');
  expect([code, there.log()]).toEqual([0, []]);
  expect(output).toContain('taken from team');
  const page = readFileSync(there.path('artifacts/compare/both/index.html'), 'utf8');
  expect(page).toMatch(new RegExp(`computed on</dt>\\s*<dd>${hostname()} \\(`));
  // What it would take, and from where.
  rmSync(there.path('artifacts/toy'), { recursive: true });
  expect((await there.run('why', 'toy', 'pretrain')).output).toContain("pretrain: would be taken from 'team', since");
  expect((await there.run('why', 'toy', 'pretrain', '--offline')).output).toContain('pretrain: would run, since');
});

test('a dataset whose source would have to be fetched is taken by its config; one of a stand-in is not kept', async () => {
  here.write('selfsup.json', settings());
  await here.run('ingest', 'few');
  there.write('selfsup.json', settings({ push: 'never' }));
  there.write(
    'packages/data/src/ingest/resolve.ts',
    `import { appendFileSync } from 'node:fs';
import { UserError } from '@selfsup/kit/errors';
export async function resolveSource({ config: { sources: [source] }, fetchNothing }: any) {
  if (fetchNothing) throw Object.assign(new UserError('far away'), { name: 'NotFetched' });
  appendFileSync(process.env.TRACE!, 'fetch\\n');
  return { type: source.type, config: source, fallback: false, chosen: 'numbers', route: 'made up', identity: source };
}\n`,
  );
  expect((await there.run('ingest', 'few')).output).toContain('data/few: taken from team by its config');
  expect((await there.run('ingest', 'few')).output).toContain('data/few: done already');
  expect((await there.run('status', 'data/few')).output).toMatch(/^both +data\/few$/m);
  expect(there.log()).toEqual([]);
  const file = 'artifacts/few/ingest/manifest.json';
  const manifest = there.json<{ keyParts: object }>(file);
  there.write(file, { ...manifest, keyParts: { ...manifest.keyParts, config: { fallback: true } } });
  expect((await there.run('ingest', 'few', '--no-remote')).code).toBe(0);
  expect(there.log()).toEqual(['fetch', 'ingest run']);
});

test('behind any web server results are taken from the same folder, blobs too, and never pushed', async () => {
  here.write('selfsup.json', settings());
  await here.run('run', 'toy');
  const server = createServer(({ url }, response) => {
    const file = join(remote, decodeURIComponent(url!));
    if (existsSync(file)) response.end(readFileSync(file));
    else response.writeHead(404).end();
  });
  const { url, close } = await listening(server);
  try {
    there.write('selfsup.json', { remotes: { published: { url } } });
    expect((await there.run('pull', 'toy', '--blobs')).output).toContain('3 results are here');
    expect(blobsOf(there)).toEqual(blobsOf(here));
    expect((await there.run('status', 'toy')).output).toMatch(/^both +toy\/base\/seed-1\/measure$/m);
    expect((await there.run('push')).output).toContain('No remote may be pushed to');
    expect((await there.run('run', 'toy')).code).toBe(0);
    expect(there.log()).toEqual([]);
  } finally {
    await close();
  }
});

test('what is pushed by hand is pulled by hand, the blobs too, and counted by status', async () => {
  const byHand = settings({ push: 'asked' });
  for (const one of [here, there]) one.write('selfsup.json', byHand);
  await here.run('run', 'toy');
  expect(readdirSync(remote)).toEqual([]);
  expect(await here.run('status')).toMatchObject({ output: expect.stringMatching(/^toy +2 here$/m) });
  expect(await here.run('push')).toMatchObject({ code: 0, output: expect.stringContaining('3 pushed, 0 there') });
  expect(await here.run('push', 'toy')).toMatchObject({
    code: 0,
    output: expect.stringContaining('0 pushed, 2 there'),
  });
  expect(await there.run('status')).toMatchObject({ output: expect.stringMatching(/^toy +2 there$/m) });
  expect(await there.run('pull', 'toy', '--blobs')).toMatchObject({
    code: 0,
    output: expect.stringContaining('3 results are here'),
  });
  expect(blobsOf(there)).toEqual(blobsOf(here));
  rmSync(remote, { recursive: true });
  there.write('pipelines/experiments/toy/experiment.json', {
    ...toyExperiment,
    stages: { ...toyExperiment.stages, measure: { ...toyExperiment.stages.measure, config: { factor: 3 } } },
  });
  expect(await there.run('status', 'toy')).toMatchObject({
    output: expect.stringMatching(/^here, stale +toy.*measure$/m),
  });
  expect((await there.run('run', 'toy', '--offline')).code).toBe(0);
  expect(there.log()).toEqual(['measure run 6']);
});

test('pull takes what is asked for now where another result is here, and says which remote did not answer', async () => {
  for (const one of [here, there]) one.write('selfsup.json', settings());
  await here.run('run', 'toy');
  await there.run('pull', 'toy');
  const changed = structuredClone(toyExperiment);
  (changed.stages.measure.config as { factor?: number }).factor = 2;
  for (const one of [here, there]) one.write('pipelines/experiments/toy/experiment.json', changed);
  await here.run('run', 'toy');
  expect((await there.run('pull', 'toy')).output).toContain('3 results are here');
  expect(there.json(`${published}/measure/metrics.json`)).toEqual(here.json(`${published}/measure/metrics.json`));
  expect(there.log()).toEqual([]);
  const server = createServer((_, response) => response.writeHead(401).end());
  const { url, close } = await listening(server);
  try {
    there.write('selfsup.json', { remotes: { team: { url } } });
    const status = await there.run('status', 'toy');
    expect(status).toMatchObject({ code: 1, output: expect.stringMatching(/401 Unauthorized/) });
    expect(status.output).toMatch(/^here +toy\/base\/seed-1\/measure$/m);
    rmSync(there.path('artifacts'), { recursive: true });
    const silent = await there.run('pull', 'toy');
    expect(silent).toMatchObject({ code: 1, output: expect.stringContaining('did not answer: team') });
  } finally {
    await close();
  }
});

test('different bits of one key are said, with where they differ, and the first stay', async () => {
  for (const one of [here, there]) one.write('selfsup.json', settings({ push: 'asked' }));
  await here.run('run', 'toy');
  await here.run('push');
  expect((await there.run('run', 'toy', '--no-remote')).code).toBe(0);
  expect(there.log()).toContain('toy end 1');
  // The same bits: nothing to say.
  expect(await there.run('push', 'toy')).toMatchObject({
    code: 0,
    output: expect.stringContaining('0 pushed, 2 there'),
  });
  const manifest = there.json<{ outputDigest: string; files: object }>(`${published}/measure/manifest.json`);
  const other = JSON.stringify({ ...manifest, outputDigest: 'f'.repeat(64) });
  writeFileSync(there.path(`${published}/measure/manifest.json`), other);
  const sumsFile = there.path(`${published}/measure/SHA256SUMS`);
  const sums = readFileSync(sumsFile, 'utf8');
  writeFileSync(sumsFile, sums.replace(/^.*(?= {2}manifest.json$)/m, sha256(other)));
  const before = readdirSync(remote, { recursive: true }).length;
  const pushed = await there.run('push', 'toy');
  expect(pushed).toMatchObject({ code: 1, output: expect.stringContaining('two machines got different bits') });
  expect(pushed.output).toMatch(/here: +f{16}.*\n +there: /);
  expect((await there.run('status', 'toy')).output).toMatch(/^both, other bits +toy.*measure\nboth +toy.*pretrain$/m);
  expect(readdirSync(remote, { recursive: true }).length).toBe(before);
});

test('where a key is named, what it has not signed is refused by name and computed here', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const signedBy = [publicKey.export({ format: 'der', type: 'spki' }).toString('base64')];
  const keyFile = join(remote, '..', `key-${process.pid}.pem`);
  writeFileSync(keyFile, privateKey.export({ format: 'pem', type: 'pkcs8' }));
  try {
    for (const one of [here, there]) one.write('selfsup.json', settings({ signedBy, push: 'asked' }));
    await here.run('run', 'toy');
    expect(await here.run('push')).toMatchObject({
      code: 1,
      output: expect.stringContaining('takes signed results only'),
    });
    expect((await here.runWith({ env: { SELFSUP_SIGNING_KEY: keyFile } }, 'push')).output).toContain('3 pushed');
    const kept = join(remote, '..', `kept-${process.pid}`);
    cpSync(remote, kept, { recursive: true });
    expect((await there.run('pull', 'toy')).output).toContain('3 results are here');
    rmSync(there.path('artifacts'), { recursive: true });
    for (const name of readdirSync(join(remote, 'results'), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.json')) continue;
      const file = join(remote, 'results', name);
      const text = readFileSync(file, 'utf8');
      rmSync(file);
      writeFileSync(file, text.replace(/,\s*"signature": "[^"]*"/, ''));
    }
    const refused = await there.run('run', 'toy');
    expect(refused).toMatchObject({
      code: 0,
      output: expect.stringMatching(/it is not signed.*results\/[0-9a-f]{2}\//),
    });
    expect(there.log()).toContain('toy end 1');
    rmSync(kept, { recursive: true });
  } finally {
    rmSync(keyFile);
  }
});
