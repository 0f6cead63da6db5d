/**
 * A pickle of protocol 2 as Python 2's cPickle wrote the official CIFAR archives: text as byte strings, the array
 * through numpy's reconstruction.
 */
export function cifarPickle(
  data: Uint8Array,
  images: number,
  labels: Readonly<Record<string, readonly number[]>>,
): Buffer {
  const parts: Buffer[] = [];
  const op = (code: string, ...more: Buffer[]): void => void parts.push(Buffer.from(code, 'latin1'), ...more);
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return bytes;
  };
  const text = (value: string): void => op('U', Buffer.from([value.length]), Buffer.from(value, 'latin1'));
  const small = (value: number): void => op('K', Buffer.from([value]));
  op('\x80\x02}q\x01(');
  text('batch_label');
  text('training batch 1 of 5');
  for (const [key, values] of Object.entries(labels)) {
    text(key);
    op(']q\x02(');
    values.forEach(small);
    op('e');
  }
  text('data');
  op('cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n');
  small(0);
  op('\x85');
  text('b');
  op('\x87R(');
  small(1);
  op('J', u32(images));
  op('J', u32(data.length / images));
  op('\x86cnumpy\ndtype\n');
  text('u1');
  small(0);
  small(1);
  op('\x87R(');
  small(3);
  text('|');
  op('NNN', Buffer.from('J'), u32(-1), Buffer.from('J'), u32(-1));
  small(0);
  op('tb\x89T', u32(data.length), Buffer.from(data));
  op('tb');
  text('filenames');
  op(']q\x03(');
  for (let i = 0; i < images; i++) text(`camion_s_00000${i % 10}.png`);
  op('eu.');
  return Buffer.concat(parts);
}
