import { PassThrough } from 'node:stream';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { MessageLine } from './message-line.ts';

/** A socket whose other end is in our hands: what is written to it lies in `sent`. */
function socketOf(): { socket: Socket; sent: Buffer[]; arrive(data: Buffer): void } {
  const stream = new PassThrough();
  const sent: Buffer[] = [];
  const extra = {
    setKeepAlive: () => stream,
    setNoDelay: () => stream,
    write: (data: string | Uint8Array) => sent.push(Buffer.from(data as Uint8Array)) > 0,
  };
  const socket = Object.assign(stream, extra) as unknown as Socket;
  return { socket, sent, arrive: (data) => void stream.emit('data', data) };
}

test.each([1, 2, 7, 1000])('messages come whole however they are cut on the way: %i bytes at a time', async (size) => {
  const from = socketOf();
  const to = socketOf();
  const [sender, receiver] = [new MessageLine(from.socket), new MessageLine(to.socket)];
  const given = [
    { one: 1, text: 'Zürich\n' },
    { bytes: Uint8Array.of(10, 0, 123, 10, 125, 255) },
    { none: null, bytes: new Uint8Array() },
    { two: [2] },
  ];
  for (const message of given) sender.send(message);
  const all = Buffer.concat(from.sent);
  for (let at = 0; at < all.length; at += size) to.arrive(all.subarray(at, at + size));
  for (const message of given) {
    const { bytes, ...rest } = (await receiver.receive())!;
    expect({ ...rest, ...(bytes && { bytes: Uint8Array.from(bytes) }) }).toEqual(message);
  }
});

test('what is no message ends the connection', async () => {
  const { socket, arrive } = socketOf();
  const line = new MessageLine(socket);
  arrive(Buffer.from('GET / HTTP/1.1\n'));
  expect(await line.receive()).toBeUndefined();
  expect(line.isOpen).toBe(false);
});
