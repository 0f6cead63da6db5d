import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openDataset } from '../../dataset.ts';
import { fashionFiles, idxGz, writeTree } from '../../testing/archives.ts';
import { contextIn, ingestSection, userError, workplace } from '../../testing/workplace.ts';
import fashionMnist from './fashion-mnist.ts';

const folder = await workplace();
const files = fashionFiles(30, 20);
beforeAll(() => writeTree(join(folder, 'data', 'fashion-mnist'), files));

let ingests = 0;
const ingestPath = (path: string) => ingestSection(folder, `f${ingests++}`, { type: 'fashion-mnist', path });

async function variant(name: string, more: Readonly<Record<string, Buffer>>): Promise<string> {
  await writeTree(join(folder, name), { ...files, ...more });
  return name;
}

describe('fashion-mnist', () => {
  it('reads the four files, gzipped or plain', async () => {
    const dataset = openDataset((await ingestPath('data/fashion-mnist')).folder);
    expect([dataset.count('train'), dataset.count('test')]).toEqual([30, 20]);
    expect(dataset.manifest.image).toEqual({ height: 28, width: 28, channels: 1, encoding: 'raw' });
    const raw = gunzipSync(files['t10k-images-idx3-ubyte.gz']!).subarray(16);
    expect(Buffer.from(dataset.image('test', 7))).toEqual(Buffer.from(raw.subarray(7 * 784, 8 * 784)));
    expect(dataset.labels('test')[7]).toBe(7);
    const plain = Object.entries(files).map(([name, bytes]) => [name.replace('.gz', ''), gunzipSync(bytes)] as const);
    await writeTree(join(folder, 'plain'), Object.fromEntries(plain));
    expect((await ingestPath('plain')).manifest.digest).toBe(dataset.manifest.digest);
  });

  it('has one fingerprint for all packings of the same content', async () => {
    const config = fashionMnist.schema.parse({ type: 'fashion-mnist' });
    const fingerprint = async (path: string) => {
      const look = await fashionMnist.look({ ...config, path }, contextIn(folder));
      return 'found' in look ? look.found.fingerprint : look.missing;
    };
    expect(await fingerprint('plain')).toBe(await fingerprint('data/fashion-mnist'));
    const other = await variant('other', { 't10k-labels-idx1-ubyte.gz': idxGz([20], new Uint8Array(20)) });
    expect(await fingerprint(other)).not.toBe(await fingerprint('plain'));
  });

  it.each([
    ['a cut gzip', 'train-images-idx3-ubyte.gz', files['train-images-idx3-ubyte.gz']!.subarray(0, 900), /cut off/],
    [
      'more promised than held',
      'train-images-idx3-ubyte.gz',
      idxGz([31, 28, 28], new Uint8Array(30 * 784)),
      /promises 31 × 28 × 28 = 24304 bytes of data, the file holds 23520/,
    ],
    ['more held than promised', 't10k-labels-idx1-ubyte.gz', idxGz([20], new Uint8Array(21)), /promises 20 = 20/],
    [
      'labels that are images',
      't10k-labels-idx1-ubyte.gz',
      files['t10k-images-idx3-ubyte.gz']!,
      /Not an IDX file of bytes in 1 dimension\n/,
    ],
    [
      'another number of labels',
      'train-labels-idx1-ubyte.gz',
      idxGz([29], new Uint8Array(29)),
      /29 labels for 30 images/,
    ],
    [
      'images without pixels',
      'train-images-idx3-ubyte.gz',
      idxGz([30, 0, 28], new Uint8Array()),
      /Images of 0 × 28 pixels/,
    ],
    [
      'what unpacks to far more',
      'train-images-idx3-ubyte.gz',
      idxGz([1, 1, 2 ** 28], new Uint8Array(2 ** 28)),
      /unpacks to more than 268435456 bytes/,
    ],
    ['a label above 9', 'train-labels-idx1-ubyte.gz', idxGz([30], new Uint8Array(30).fill(11, 4)), /Label 4 is 11/],
  ])('refuses %s, naming the file', async (what, name, content, message) => {
    const error = await userError(ingestPath(await variant(what.replaceAll(' ', '-'), { [name]: content })));
    expect(error).toMatch(message);
    expect(error).toContain(name);
  });

  it('names the files that are missing from a given folder', async () => {
    await writeTree(join(folder, 'two'), Object.fromEntries(Object.entries(files).slice(0, 2)));
    expect(await userError(ingestPath('two'))).toMatch(
      /t10k-images-idx3-ubyte\.gz, t10k-labels-idx1-ubyte\.gz missing/,
    );
  });
});

describe('fashion-mnist by apt', () => {
  const path = process.env['PATH'];
  afterEach(() => {
    process.env['PATH'] = path;
  });

  /** Stands in for apt-get and dpkg-deb: writes down how it is called; knows the package after `update` only. */
  async function fakeApt(bin: string, downloads: 'after update' | 'never'): Promise<string> {
    const log = join(bin, 'calls.log');
    await mkdir(bin, { recursive: true });
    const apt = [
      '#!/bin/sh',
      `echo "$@" >> '${log}'`,
      'case "$*" in',
      `*update*) touch '${bin}/updated' ;;`,
      `*download*) if [ -e '${bin}/updated' ] && [ "${downloads}" != never ]; then touch some_1_all.deb; else echo 'E: Unable to locate package' >&2; exit 100; fi ;;`,
      'esac',
    ];
    const data = join(folder, 'data', 'fashion-mnist');
    const dpkg = `#!/bin/sh\nmkdir -p "$3/usr/share/datasets/fashion-mnist" && cp '${data}'/* "$3/usr/share/datasets/fashion-mnist"\n`;
    await writeFile(join(bin, 'apt-get'), `${apt.join('\n')}\n`);
    await writeFile(join(bin, 'dpkg-deb'), dpkg);
    await Promise.all(['apt-get', 'dpkg-deb'].map((name) => chmod(join(bin, name), 0o755)));
    process.env['PATH'] = `${bin}${delimiter}${path}`;
    return log;
  }

  const config = fashionMnist.schema.parse({ type: 'fashion-mnist', from: ['apt'] });

  it('falls to package lists of its own, keeps to its own folders, and fetches once', async () => {
    const log = await fakeApt(join(folder, 'bin-1'), 'after update');
    const context = contextIn(folder, { cacheFolder: join(folder, 'cache-1') });
    const look = await fashionMnist.look(config, context);
    expect(look).toMatchObject({ found: { route: /apt/, chosen: 'Fashion-MNIST, the four IDX files' } });
    const calls = (await readFile(log, 'utf8')).trim().split('\n');
    expect(calls.map((call) => call.split(' ').find((word) => /^(update|download|install)$/.test(word)))).toEqual([
      'download',
      'update',
      'download',
    ]);
    expect(calls[0]).not.toContain('Dir::State::Lists');
    for (const call of calls.slice(1)) expect(call).toContain(`Dir::State::Lists=${context.cacheFolder}`);
    for (const call of calls) expect(call).toContain(`Dir::Cache=${context.cacheFolder}`);

    // What was fetched is taken again before any network is asked, whatever the order of routes.
    const allRoutes = fashionMnist.schema.parse({ type: 'fashion-mnist', url: 'http://127.0.0.1:1/' });
    expect(await fashionMnist.look(allRoutes, context)).toMatchObject({ found: { route: /apt/ } });
    expect(existsSync(join(context.cacheFolder, 'downloads', 'fashion-mnist'))).toBe(false);
    expect((await readFile(log, 'utf8')).trim().split('\n')).toHaveLength(3);
  });

  it('says why it does not answer', async () => {
    await fakeApt(join(folder, 'bin-2'), 'never');
    const context = contextIn(folder, { cacheFolder: join(folder, 'cache-2') });
    expect(await fashionMnist.look(config, context)).toMatchObject({ missing: /E: Unable to locate package/ });
    process.env['PATH'] = join(folder, 'nowhere');
    expect(await fashionMnist.look(config, context)).toMatchObject({ missing: 'there is no apt on this machine' });
  });
});
