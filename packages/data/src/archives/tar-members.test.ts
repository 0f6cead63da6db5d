import { once } from 'node:events';
import { open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { noiseByte, tarOf, writeTree } from '../testing/archives.ts';
import { userError, workplace } from '../testing/workplace.ts';
import { archiveMembers } from './archive.ts';
import { fileBytes } from './tar-bytes.ts';
import { tarMembers } from './tar-members.ts';

const folder = await workplace();
const long = `${'deep/'.repeat(50)}${'x'.repeat(90)}.jpg`;
const files = {
  'a.txt': Buffer.from('first'),
  'empty.txt': Buffer.alloc(0),
  [long]: Buffer.from('long name'),
  'ümlaut.bin': Buffer.from(Uint8Array.from({ length: 1500 }, (_, i) => noiseByte(i))),
};

async function contents(path: string): Promise<Record<string, Buffer>> {
  const found: Record<string, Buffer> = {};
  for await (const { kind, path: name, content } of archiveMembers(path)) {
    if (kind === 'file') found[name] = await content();
  }
  return found;
}

/** What goes wrong when all members are listed. */
const listing = (path: string): Promise<string> => userError(contents(path));

describe('tarMembers', () => {
  it('refuses a size below zero in pax attributes, which led back to the same header for ever', async () => {
    const path = join(folder, 'back.tar');
    const tar = pack();
    tar.entry({ name: 'a.txt', pax: { size: '-1536' } }, 'text');
    tar.finalize();
    await writeFile(path, tar as unknown as AsyncIterable<Buffer>);
    expect(await listing(path)).toMatch(/no attributes of a file at byte 512/);
  });

  it.each(['ustar', 'gnu', 'posix'])('reads what tar writes as %s', async (format) => {
    const listed =
      format === 'ustar' ? Object.fromEntries(Object.entries(files).filter(([path]) => path !== long)) : files;
    await writeTree(join(folder, format), listed);
    await execa('ln', ['-sf', 'a.txt', join(folder, format, 'link.txt')]);
    await execa('tar', [`--format=${format}`, '-cf', join(folder, `${format}.tar`), '-C', join(folder, format), '.']);
    expect(await contents(join(folder, `${format}.tar`))).toEqual(listed);
  });

  it('reads what tar-stream writes, and a tar inside a tar in its place', async () => {
    const inner = await tarOf(files);
    const outer = await tarOf({ 'note.txt': Buffer.from('x'), 'n01.tar': inner });
    const path = join(folder, 'outer.tar');
    await writeFile(path, outer);
    const file = await open(path);
    const found: string[] = [];
    const all = (): ReturnType<typeof fileBytes> => fileBytes(file, 0, outer.length);
    for await (const { path: name, offset, bytes } of tarMembers(all(), path)) {
      if (name !== 'n01.tar') continue;
      for await (const member of tarMembers(fileBytes(file, offset, offset + bytes), path)) {
        if (member.kind === 'file') found.push(member.path);
      }
    }
    await file.close();
    expect(found).toEqual(Object.keys(files));
  });

  it('refuses to read a member too large for an image', async () => {
    const tar = pack();
    tar.entry({ name: 'a.jpg', size: 2 ** 29 + 1 });
    const path = join(folder, 'huge.tar');
    await writeFile(path, (await once(tar, 'data'))[0] as Buffer);
    await truncate(path, 2 ** 29 + 4096); // a hole: it takes no room
    expect(await listing(path)).toMatch(/a\.jpg has 536870913 bytes[^]*huge\.tar/);
  });

  it('refuses a tar that is cut off, spoilt or leads out', async () => {
    const whole = await tarOf(files);
    const path = join(folder, 'bad.tar');
    await writeFile(path, whole.subarray(0, whole.length - 1024 - 1000));
    expect(await listing(path)).toMatch(/cut off[^]*ümlaut\.bin[^]*bad\.tar/);
    const spoilt = Buffer.from(whole);
    const second = spoilt.indexOf('empty.txt');
    spoilt[second + 3]! ^= 4;
    await writeFile(path, spoilt);
    expect(await listing(path)).toMatch(/no header of a file at byte/);
    for (const name of ['../../etc/passwd', '/etc/passwd', 'a/../../b', 'C:/b', 'a\\..\\..\\b']) {
      const tar = pack();
      tar.entry({ name }, 'x');
      tar.finalize();
      const parts: Buffer[] = [];
      for await (const part of tar) parts.push(part as Buffer);
      await writeFile(path, Buffer.concat(parts));
      expect(await listing(path)).toMatch(/leads out of it[^]*bad\.tar/);
    }
  });
});
