import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import cifar10 from '../sources/cifar10/cifar10.ts';
import { cifarBinary, tarOf } from '../testing/archives.ts';
import { contextIn, userError, workplace } from '../testing/workplace.ts';
import { download, downloadAll } from './download.ts';
import { NotFetched } from './not-fetched.ts';

const folder = await workplace();
const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) & 255));
const md5 = createHash('md5').update(content).digest('hex');

const asked: (string | undefined)[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void = withRanges;

function withRanges(request: IncomingMessage, response: ServerResponse): void {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from >= content.length) return void response.writeHead(416).end();
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': content.length - from });
  response.end(content.subarray(from));
}

const server = createServer((request, response) => {
  asked.push(request.headers.range);
  answer(request, response);
});
let url = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
});
afterAll(() => void server.close());

let targets = 0;
function fetchTo(more: Partial<Parameters<typeof download>[0]> = {}) {
  const to = more.to ?? join(folder, 'downloads', `file-${targets++}`);
  asked.length = 0;
  return download({ url, md5, context: contextIn(folder), ...more, to });
}

describe('download', () => {
  it('fetches nothing where nothing is to be fetched', async () => {
    const context = { ...contextIn(folder), fetchNothing: true };
    await expect(fetchTo({ context })).rejects.toThrow(NotFetched);
    expect(asked).toEqual([]);
  });
  it('fetches once', async () => {
    const to = join(folder, 'downloads', 'once');
    expect(await fetchTo({ to })).toEqual({ to });
    expect(await readFile(to)).toEqual(content);
    await fetchTo({ to });
    expect(asked).toEqual([]);
  });

  it('goes on where a cut connection left it', async () => {
    const to = join(folder, 'downloads', 'resumed');
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 100_000), () => response.destroy());
    };
    expect(await fetchTo({ to })).toHaveProperty('failed');
    expect(existsSync(to)).toBe(false);
    answer = withRanges;
    expect(await fetchTo({ to })).toEqual({ to });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatch(/^bytes=\d{5,6}-$/);
    expect(await readFile(to)).toEqual(content);
  });

  it('starts over where the server knows no ranges, and where the rest belongs to another version', async () => {
    await mkdir(join(folder, 'downloads'), { recursive: true });
    for (const answers of ['no ranges', 'another version']) {
      const to = join(folder, 'downloads', answers);
      await writeFile(`${to}.part`, Buffer.alloc(5000, 1));
      answer = answers === 'no ranges' ? (_request, response) => void response.end(content) : withRanges;
      expect(await fetchTo({ to })).toEqual({ to });
      expect(await readFile(to)).toEqual(content);
    }
    const to = join(folder, 'downloads', 'complete');
    await writeFile(`${to}.part`, content);
    expect(await fetchTo({ to })).toEqual({ to });
  });

  it('refuses what has another checksum, and keeps none of it', async () => {
    const to = join(folder, 'downloads', 'wrong');
    expect(await userError(fetchTo({ to, md5: '0'.repeat(32) }))).toMatch(/md5 [0-9a-f]{32} instead of 000/);
    expect([existsSync(to), existsSync(`${to}.part`)]).toEqual([false, false]);
  });

  it('fetches files that lie side by side, with or without a slash behind their address', async () => {
    const served: (string | undefined)[] = [];
    answer = (request, response) => {
      served.push(request.url);
      if (request.url === '/set/c') response.writeHead(404).end();
      else response.end(content);
    };
    const all = (address: string, to: string, ...names: string[]) => {
      const files = names.map((name) => [name, md5] as const);
      return downloadAll(address, files, join(folder, 'downloads', to), contextIn(folder));
    };
    const set = new URL('/set', url).href;
    expect(await all(set, 'side-by-side', 'a', 'b')).toBeUndefined();
    expect(await all(`${set}/`, 'cut-short', 'a', 'c', 'b')).toHaveProperty('failed');
    answer = withRanges;
    expect(served).toEqual(['/set/a', '/set/b', '/set/a', '/set/c']);
    expect(await readFile(join(folder, 'downloads', 'side-by-side', 'b'))).toEqual(content);
  });

  it('reports what cannot be reached', async () => {
    expect(await fetchTo({ url: 'http://127.0.0.1:1/file' })).toMatchObject({ failed: /cannot be fetched/ });
    answer = (_request, response) => void response.writeHead(404).end();
    expect(await fetchTo()).toMatchObject({ failed: /404/ });
    answer = withRanges;
  });

  it('takes turns when two ask at once', async () => {
    const to = join(folder, 'downloads', 'shared');
    await Promise.all([fetchTo({ to }), fetchTo({ to })]);
    expect(asked).toHaveLength(1);
    expect(await readFile(to)).toEqual(content);
  });

  it('is how CIFAR-10 is fetched: a wrong archive is refused', async () => {
    const archive = gzipSync(await tarOf(cifarBinary(1)));
    answer = (_request, response) => void response.end(archive);
    const config = cifar10.schema.parse({ type: 'cifar10', url });
    expect(await userError(cifar10.look(config, contextIn(folder)))).toMatch(
      /instead of c32a1d4ab5d03f1284b67883e8d87530/,
    );
    answer = (_request, response) => void response.writeHead(503).end();
    expect(await cifar10.look(config, contextIn(folder))).toMatchObject({ missing: /503/, remedy: /SELFSUP_DATA/ });
    answer = withRanges;
  });
});
