import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { noiseByte, tarOf, writeTree } from './testing/archives.ts';
import { userError, workplace } from './testing/workplace.ts';
import { openTar, readMember, tarMembers } from './tar-index.ts';

const folder = await workplace();
const long = `${'deep/'.repeat(50)}${'x'.repeat(90)}.jpg`;
const files = {
  'a.txt': Buffer.from('first'),
  'empty.txt': Buffer.alloc(0),
  [long]: Buffer.from('long name'),
  'ümlaut.bin': Buffer.from(Uint8Array.from({ length: 1500 }, (_, i) => noiseByte(i))),
};

async function contents(path: string): Promise<Record<string, Buffer>> {
  const tar = await openTar(path);
  const found = await Promise.all(tar.members.map(async (member) => [member.path, await tar.content(member)] as const));
  await tar.close();
  return Object.fromEntries(found);
}

describe('openTar', () => {
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
    const tar = await openTar(path);
    const nested = tar.members.find((member) => member.path === 'n01.tar')!;
    await tar.close();
    const file = await open(path);
    const found: string[] = [];
    for await (const member of tarMembers(file, path, nested.offset, nested.bytes)) found.push(member.path);
    await file.close();
    expect(found).toEqual(Object.keys(files));
  });

  it('refuses to read a member too large for an image', async () => {
    const file = await open(join(folder, 'gnu.tar'));
    const member = { path: 'a.jpg', offset: 512, bytes: 2 ** 29 + 1 };
    expect(await userError(readMember(file, 'gnu.tar', member))).toMatch(/a\.jpg has 536870913 bytes[^]*gnu\.tar/);
    await file.close();
  });

  it('refuses a tar that is cut off, spoilt or leads out', async () => {
    const whole = await tarOf(files);
    const path = join(folder, 'bad.tar');
    await writeFile(path, whole.subarray(0, whole.length - 1024 - 1000));
    expect(await userError(openTar(path))).toMatch(/cut off[^]*ümlaut\.bin[^]*bad\.tar/);
    const spoilt = Buffer.from(whole);
    const second = spoilt.indexOf('empty.txt');
    spoilt[second + 3]! ^= 4;
    await writeFile(path, spoilt);
    expect(await userError(openTar(path))).toMatch(/no header of a file at byte/);
    for (const name of ['../../etc/passwd', '/etc/passwd', 'a/../../b', 'C:/b', 'a\\..\\..\\b']) {
      const tar = pack();
      tar.entry({ name }, 'x');
      tar.finalize();
      const parts: Buffer[] = [];
      for await (const part of tar) parts.push(part as Buffer);
      await writeFile(path, Buffer.concat(parts));
      expect(await userError(openTar(path))).toMatch(/leads out of it[^]*bad\.tar/);
    }
  });
});
