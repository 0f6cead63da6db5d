import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { servePage } from './serve.ts';

let served: Awaited<ReturnType<typeof servePage>>;
let page = (): Promise<string> => Promise.resolve('<p>here</p>');
beforeAll(async () => {
  served = await servePage(() => page(), 0);
});
afterAll(() => served.server.close());

const ask = (path: string, options: { method?: string; host?: string } = {}): Promise<[number, string, unknown]> =>
  new Promise((done, failed) => {
    const { method = 'GET', host } = options;
    const asked = request(new URL(path, served.address), { method, headers: host === undefined ? {} : { host } });
    asked.on('error', failed).on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => done([response.statusCode!, text, response.headers['content-security-policy']]));
    });
    asked.end();
  });

test('it listens on the loopback alone and gives the page, which may load nothing', async () => {
  expect(served.server.address()).toMatchObject({ address: '127.0.0.1' });
  expect(await ask('/')).toEqual([200, '<p>here</p>', expect.stringMatching(/^default-src 'none'; style-src/)]);
});

test('whoever calls it by another name, wants to write, or wants another page is refused', async () => {
  expect((await ask('/', { host: 'evil.example' }))[0]).toBe(403);
  expect((await ask('/', { host: 'localhost:1' }))[0]).toBe(200);
  expect((await ask('/', { method: 'POST' }))[0]).toBe(405);
  expect((await ask('/../package.json'))[0]).toBe(404);
});

test('what goes wrong is said, and the next page comes', async () => {
  page = () => Promise.reject(new Error('the disk is gone'));
  expect(await ask('/')).toEqual([500, 'the disk is gone\n', expect.anything()]);
  page = () => Promise.resolve('again');
  expect((await ask('/'))[1]).toBe('again');
});
