import { afterEach, expect, test } from 'vitest';
import { Interrupted } from '@selfsup/kit/stage';
import { Cluster } from './joined.ts';
import { inTurns, type Turn } from './in-turns.ts';
import { freePort, meet, type Meeting } from './rendezvous.ts';

const meetings: Meeting[] = [];
afterEach(() => {
  for (const { lines } of meetings.splice(0)) for (const line of lines) line.socket.destroy();
});

async function clusters(size: number): Promise<Cluster[]> {
  const port = await freePort();
  const join = async (rank: number): Promise<Cluster> => {
    const meeting = await meet(
      { rank, size, localRank: rank, host: '127.0.0.1', port, job: 'mine' },
      { purpose: 'test' },
    );
    meetings.push(meeting);
    return Object.assign(new Cluster({ rank, size }, meeting), { sharesStage: true });
  };
  return Promise.all([...Array(size).keys()].map(join));
}

interface Settings {
  readonly name?: string;
  readonly from?: number;
  readonly pieces: number;
  readonly enough?: number;
  readonly asked?: boolean;
}

/** The outcome of piece n is n and its square as a float; tells who did which. */
async function work(
  joined: Cluster | undefined,
  { name = 'squares', from = 0, pieces, enough = Infinity, asked }: Settings,
) {
  const did: number[] = [];
  const taken: number[] = [];
  const result = await inTurns(
    {
      name,
      from,
      async *own({ from: first, every }: Turn): AsyncIterable<{ piece: number; square: Float32Array }> {
        for (let piece = first; piece < pieces; piece += every) {
          await new Promise((resolve) => setTimeout(resolve, (piece * 7) % 5));
          if (asked === true && piece > 4) throw new Interrupted('Asked to stop.');
          did.push(piece);
          yield { piece, square: Float32Array.of(piece === 0 ? NaN : piece ** 2) };
        }
      },
      take({ piece, square }) {
        expect(square).toEqual(Float32Array.of(piece === 0 ? NaN : piece ** 2));
        taken.push(piece);
        return taken.length === enough;
      },
      finish: () => ({ sum: taken.reduce((a, b) => a + b, 0) }),
    },
    joined,
  );
  return { did, taken, result };
}

const upTo = (pieces: number, from = 0): number[] => [...Array(pieces).keys()].slice(from);

test.each([
  [2, 7, 0],
  [4, 7, 3],
  [4, 1, 0],
  [4, 0, 0],
])(
  '%i processes do %i pieces from %i on: the first takes all in order, and all know the result',
  async (size, pieces, from) => {
    const all = await Promise.all(
      (await clusters(size)).map((one) => work(one, { pieces, from: one.rank === 0 ? from : 0 })),
    );
    expect(all[0]!.taken).toEqual(upTo(pieces, from));
    all.forEach(({ did }, rank) => expect(did).toEqual(upTo(pieces, from).filter((_, i) => i % size === rank)));
    const sum = upTo(pieces, from).reduce((a, b) => a + b, 0);
    for (const { result } of all) expect(result).toEqual({ sum });
  },
);

test('no more is done than the first can take, nor after it has enough', async () => {
  const [first, second] = await Promise.all((await clusters(2)).map((one) => work(one, { pieces: 1000, enough: 6 })));
  expect(first!.taken).toEqual(upTo(6));
  expect(second!.result).toEqual({ sum: 15 });
  expect(second!.did.length).toBeLessThanOrEqual(6);
});

test('where another was asked to stop, the first is interrupted, and what it took before was all in order', async () => {
  const [first, second] = await clusters(2);
  const helps = work(second, { pieces: 100, asked: true }).catch((error: Error) => error);
  await expect(work(first, { pieces: 100 })).rejects.toThrow('Process 1 was asked to stop.');
  first!.dismiss('stopped');
  expect(await helps).toBeInstanceOf(Interrupted);
});

test('who is asked to stop when the first has enough does not hold it up', async () => {
  const [first, second] = await clusters(2);
  const [led, helped] = await Promise.all([
    work(first, { pieces: 6, enough: 4 }),
    work(second, { pieces: 6, asked: true }), // at its third piece, which nobody needs
  ]);
  expect(led.taken).toEqual(upTo(4));
  expect([led.result, helped.result]).toEqual([{ sum: 6 }, { sum: 6 }]);
});

test('where the first alone was asked to stop, another hears of its end', async () => {
  const [first, second] = await clusters(2);
  const helps = work(second, { pieces: 1000 }).catch((error: Error) => error);
  await expect(work(first, { pieces: 1000, asked: true })).rejects.toThrow('Asked to stop.');
  first!.dismiss('stopped');
  meetings[0]!.lines[0]!.close();
  const heard = await helps;
  expect(heard).toBeInstanceOf(Interrupted);
  expect((heard as Error).message).toBe('Stopped with the first process.');
});

test('who comes while the first is at something else leaves it to whoever hears next', async () => {
  const [first, second] = await clusters(2);
  const leads = work(first, { name: 'later', pieces: 3 });
  expect((await work(second, { name: 'earlier', pieces: 3 })).result).toBeUndefined();
  expect((await work(second, { name: 'later', pieces: 3 })).result).toEqual({ sum: 3 });
  expect((await leads).taken).toEqual([0, 1, 2]);
});

test('alone, and where the stage is not shared, one does all', async () => {
  const [first] = await clusters(2);
  first!.sharesStage = false;
  expect((await work(undefined, { pieces: 4 })).did).toEqual(upTo(4));
  expect((await work(first, { pieces: 4 })).did).toEqual(upTo(4));
});

test('where one is gone the first says while at what', async () => {
  const [first] = await clusters(2);
  meetings[1]!.lines[0]!.socket.destroy();
  meetings[0]!.lines[0]?.socket.destroy();
  await expect(work(first, { pieces: 4 })).rejects.toThrow(/A process was lost while/);
});
