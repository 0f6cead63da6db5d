import { createServer, connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Cluster, Dismissed, ProcessLost } from './joined.ts';
import type { Membership } from './membership.ts';
import { freePort, meet, type Meeting, type MeetingOptions } from './rendezvous.ts';

const meetings: Meeting[] = [];
afterEach(() => {
  for (const { lines } of meetings.splice(0)) for (const line of lines) line.socket.destroy();
});

const purpose = 'toy pretrain';

async function comes(membership: Partial<Membership>, options: Partial<MeetingOptions> = {}): Promise<Meeting> {
  const whole = { rank: 0, size: 2, localRank: 0, host: '127.0.0.1', port: 0, job: 'mine', ...membership };
  const meeting = await meet(whole, { purpose, within: 1500, ...options });
  meetings.push(meeting);
  return meeting;
}

async function clusters(size: number): Promise<Cluster[]> {
  const port = await freePort();
  const ranks = [...Array(size).keys()].reverse(); // the first comes last
  const all = await Promise.all(
    ranks.map(async (rank) => new Cluster({ rank, size }, await comes({ rank, size, port }))),
  );
  return all.reverse();
}

test('each process learns where all others listen, and no two at one place', async () => {
  const all = await clusters(4);
  for (const { addresses } of all) expect(addresses).toEqual(all[0]!.addresses);
  expect(new Set(all[0]!.addresses).size).toBe(4);
  for (const address of all[0]!.addresses) expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
});

test('what the first tells is heard by all, in order; their answers come by rank', async () => {
  const [first, ...others] = (await clusters(4)) as [Cluster, ...Cluster[]];
  first.tell({ checkpoint: 'a' });
  first.tell({ checkpoint: 'b' });
  for (const other of others) {
    expect([await other.hear(), await other.hear()]).toEqual([{ checkpoint: 'a' }, { checkpoint: 'b' }]);
    other.answer({ key: other.rank });
  }
  expect(await first.answers()).toEqual([{ key: 1 }, { key: 2 }, { key: 3 }]);
});

test('an answer that does not come is missed by the number of its process', async () => {
  const [first, second] = (await clusters(4)) as [Cluster, Cluster];
  second.answer({ key: 1 });
  await expect(first.answers(300)).rejects.toThrow('Of 4 processes number 2, number 3 did not answer');
});

test('the others hear how the first ended, or that it is gone', async () => {
  const [first, second] = (await clusters(2)) as [Cluster, Cluster];
  first.dismiss('done');
  first.dismiss('failed');
  first.dismiss('stopped');
  await expect(second.hear()).rejects.toThrow(Dismissed);
  await expect(second.hear()).rejects.toMatchObject({ how: 'failed' });
  await expect(second.hear()).rejects.toMatchObject({ name: 'Interrupted' });
  const waiting = expect(second.hear()).rejects.toThrow(ProcessLost);
  meetings.find(({ lines }) => lines.length === 1)!.lines[0]!.socket.destroy();
  await waiting;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(() => first.tell({})).toThrow(ProcessLost);
});

test('who does not come is named', async () => {
  const port = await freePort();
  const first = expect(comes({ port, size: 4 })).rejects.toThrow(
    'Of 4 processes number 1, number 3 did not come within 1.5 s.',
  );
  const second = expect(comes({ port, size: 4, rank: 2 }, { within: 500 })).rejects.toThrow(
    'did not find the first one',
  );
  await first;
  await second;
});

test.each<[string, Partial<Membership>, Partial<MeetingOptions>, string]>([
  ['of another job', { job: 'theirs' }, {}, 'process 1 belongs to another job'],
  ['of another number', { size: 4 }, {}, 'process 1 is one of 4, not of 2'],
  ['that is there already', { rank: 0.5 }, {}, 'there is a process 0.5 already'],
  ['at another stage', {}, { purpose: 'toy probe' }, "process 1 is at 'toy probe', the first at 'toy pretrain'"],
])('a process %s is refused, and both say so', async (_, change, options, words) => {
  const port = await freePort();
  const first = expect(comes({ port })).rejects.toThrow(words);
  await expect(comes({ port, rank: 1, ...change }, options)).rejects.toThrow(words);
  await first;
});

test('strangers who talk nonsense or nothing do no harm', async () => {
  const port = await freePort();
  const first = comes({ port });
  await new Promise((resolve) => setTimeout(resolve, 200));
  const strangers = ['GET / HTTP/1.1\r\n\r\n', ''].map((text) =>
    connect(port, '127.0.0.1', function (this: void) {})
      .on('error', () => undefined)
      .end(text),
  );
  await comes({ port, rank: 1 });
  expect((await first).addresses).toHaveLength(2);
  for (const stranger of strangers) stranger.destroy();
});

test('a port that is taken is named, and so is a host that there is not', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  await expect(comes({ port })).rejects.toThrow(`cannot meet at 127.0.0.1:${port}`);
  await expect(comes({ port, rank: 1 }, { within: 300 })).rejects.toThrow(
    `did not find the first one at 127.0.0.1:${port}: who listens there says nothing`,
  );
  other.close();
  await expect(comes({ host: 'no-such-host.invalid', port: 4000, rank: 1 })).rejects.toThrow(
    /Process 1 of 2 did not find the first one at no-such-host.invalid:4000: .*(ENOTFOUND|EAI_AGAIN)/,
  );
});
