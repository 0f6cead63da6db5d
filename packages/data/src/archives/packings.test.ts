import { execFileSync } from 'node:child_process';
import { link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Ingested } from '../ingest/ingest.ts';
import { jpegEncode } from '../pictures/native/pictures.ts';
import { smoothPixels, tarOfMembers, writeTree, zipOfMembers, type Packed } from '../testing/archives.ts';
import { ingestSection, userError, workplace } from '../testing/workplace.ts';
import { archiveMembers } from './archive.ts';

const folder = await workplace();
const jpeg = (number: number): Buffer =>
  jpegEncode({ pixels: smoothPixels(number, 16, 3), height: 16, width: 16, channels: 3 }, 90);
const files = { 'train/cat/a.jpg': jpeg(1), 'train/cat/b.jpg': jpeg(2), 'train/dog/c.jpg': jpeg(3) };
const packed: Packed[] = Object.entries(files).map(([name, content]) => ({ name, content }));
const hardLink: Packed = { name: 'train/dog/d.jpg', type: 'link', linkname: 'train/cat/a.jpg' };
const links: Packed[] = [
  // Before what it leads to: val holds the whole split.
  { name: 'val', type: 'symlink', linkname: 'train/' },
  { name: 'train/dog/e.jpg', type: 'symlink', linkname: '../cat/./b.jpg' },
];

let ingests = 0;
const ingestPath = (path: string): Promise<Ingested> =>
  ingestSection(folder, `packing-${ingests++}`, { type: 'folder', path });
async function ingestTar(members: readonly Packed[]): Promise<Ingested> {
  const name = `made-${ingests}.tar`;
  await writeFile(join(folder, name), await tarOfMembers(members));
  return ingestPath(name);
}
const hasTar = ((): boolean => {
  try {
    return /GNU tar/.test(execFileSync('tar', ['--version']).toString());
  } catch {
    return false;
  }
})();

describe('the same content, however it is packed', () => {
  let digest: string;
  beforeAll(async () => {
    await writeTree(join(folder, 'tree'), files);
    await link(join(folder, 'tree/train/cat/a.jpg'), join(folder, 'tree/train/dog/d.jpg'));
    await symlink('../cat/b.jpg', join(folder, 'tree/train/dog/e.jpg'));
    await symlink('train', join(folder, 'tree/val'));
    const { manifest } = await ingestPath('tree');
    expect(manifest.splits).toEqual({
      train: { count: 5, classCounts: [2, 3] },
      val: { count: 5, classCounts: [2, 3] },
    });
    ({ digest } = manifest);
  });

  it('is the same dataset: tar, tar.gz and zip with hard and symbolic links', async () => {
    const tar = await tarOfMembers([...links, ...packed, hardLink]);
    await writeFile(join(folder, 'links.tar'), tar);
    await writeFile(join(folder, 'links.tar.gz'), gzipSync(tar));
    const copied = { name: hardLink.name, content: files['train/cat/a.jpg'] }; // as zip has hard links
    await writeFile(join(folder, 'links.zip'), zipOfMembers([...links, ...packed, copied]));
    for (const name of ['links.tar', 'links.tar.gz', 'links.zip']) {
      expect([name, (await ingestPath(name)).manifest.digest]).toEqual([name, digest]);
    }
  });

  it.runIf(hasTar)('is the same dataset as GNU tar packs it in each of its formats, and with xz', async () => {
    for (const [name, ...options] of [
      ['v7.tar', '--format=v7'],
      ['gnu.tar', '--format=gnu'],
      ['pax.tar.gz', '--format=posix', '-z'],
      ['ustar.tar.xz', '--format=ustar', '-J'],
    ] as const) {
      execFileSync('tar', [...options, '-cf', join(folder, name), '-C', join(folder, 'tree'), '.']);
      expect([name, (await ingestPath(name)).manifest.digest]).toEqual([name, digest]);
    }
  });
});

describe('links in an archive', () => {
  it.each([
    ['nowhere', 'gone.jpg', /bad\.jpg cannot be read: it is a link that leads nowhere/],
    ['out of it', '../../../x.jpg', /bad\.jpg cannot be read: it is a link that leads out of the archive/],
    ['to the root', '/etc/x.jpg', /bad\.jpg cannot be read: it is a link that leads out of the archive/],
    ['in a circle', 'bad.jpg', /bad\.jpg cannot be read: it is a link that leads in a circle/],
  ])('are refused by name where they lead %s', async (_where, linkname, message) => {
    const bad: Packed = { name: 'train/cat/bad.jpg', type: 'symlink', linkname };
    expect(await userError(ingestTar([...packed, bad]))).toMatch(message);
    await writeFile(join(folder, 'bad.zip'), zipOfMembers([...packed, bad]));
    expect(await userError(ingestPath('bad.zip'))).toMatch(message);
  });

  it('are refused by name where a hard link has no file, and named where no image is meant', async () => {
    const bad: Packed = { name: 'train/cat/bad.jpg', type: 'link', linkname: 'train/cat/later.jpg' };
    expect(await userError(ingestTar([bad, ...packed]))).toMatch(
      /bad\.jpg cannot be read: it is a link that leads nowhere/,
    );
    const split: Packed = { name: 'val', type: 'symlink', linkname: '/data/val' };
    const round: Packed = { name: 'train/cat/round', type: 'symlink', linkname: '..' };
    const { manifest } = await ingestTar([...packed, split, round]);
    expect(manifest.reading?.passedOver).toEqual([
      { reason: 'cannot be read: it is a link that leads out of the archive', ending: '', count: 1, example: 'val' },
      { reason: 'a link to a folder around it', ending: '', count: 1, example: 'train/cat/round' },
    ]);
  });

  it('that multiply folders are not followed for ever', async () => {
    const nest: Packed[] = [{ name: 'd0/a.jpg', content: jpeg(1) }];
    for (let i = 1; i <= 30; i++) {
      for (const name of ['l', 'r']) nest.push({ name: `d${i}/${name}`, type: 'symlink', linkname: `../d${i - 1}` });
    }
    expect(await userError(ingestTar(nest))).toMatch(/links to folders that hold each other many times over/);
  });

  it('share what their file was when they were packed', async () => {
    const again = { name: 'train/cat/a.jpg', content: jpeg(9) };
    const { manifest } = await ingestTar([...packed, hardLink, again]);
    const apart = await ingestTar([again, ...packed.slice(1), { name: hardLink.name, content: jpeg(1) }]);
    expect(manifest.digest).toBe(apart.manifest.digest);
  });
});

describe('odd members', () => {
  it('of the same name: the last counts, once, and it is said', async () => {
    const twice = { name: './train/cat/a.jpg', content: jpeg(8) };
    const plain = await ingestTar([{ name: 'train/cat/a.jpg', content: jpeg(8) }, ...packed.slice(1)]);
    for (const pack of [
      ingestTar,
      async (members: readonly Packed[]) => {
        await writeFile(join(folder, 'twice.zip'), zipOfMembers(members));
        return ingestPath('twice.zip');
      },
    ]) {
      const { manifest } = await pack([...packed, twice]);
      expect(manifest.digest).toBe(plain.manifest.digest);
      expect(manifest.statistics).toEqual(plain.manifest.statistics);
      expect(manifest.warnings?.find(({ kind }) => kind === 'duplicate-names')?.message).toBe(
        '1 name stands more than once in the archive, such as train/cat/a.jpg: the last of each was taken, as tar does.',
      );
    }
    expect(plain.manifest.warnings?.some(({ kind }) => kind === 'duplicate-names')).not.toBe(true);
  });

  it('that are pipes or devices are named', async () => {
    const odd: Packed[] = [
      { name: 'train/cat/pipe.jpg', type: 'fifo' },
      { name: 'train/dog/null', type: 'character-device' },
    ];
    const { manifest } = await ingestTar([...packed, ...odd]);
    expect(manifest.splits['train']!.count).toBe(3);
    expect(manifest.reading?.passedOver).toEqual([
      { reason: 'a pipe, no file', ending: '.jpg', count: 1, example: 'train/cat/pipe.jpg' },
      { reason: 'a device, no file', ending: '', count: 1, example: 'train/dog/null' },
    ]);
  });

  it.runIf(hasTar)('that are sparse are refused by name', async () => {
    await mkdir(join(folder, 'sparse/cat'), { recursive: true });
    await writeFile(join(folder, 'sparse/cat/hole.jpg'), jpeg(1));
    execFileSync('truncate', ['-s', '4M', join(folder, 'sparse/cat/hole.jpg')]);
    for (const format of ['gnu', 'posix']) {
      execFileSync('tar', [
        `--format=${format}`,
        '-Scf',
        join(folder, 'sparse.tar'),
        '-C',
        join(folder, 'sparse'),
        '.',
      ]);
      expect(await userError(ingestPath('sparse.tar'))).toMatch(
        /cat\/hole\.jpg cannot be read: it is stored as a sparse file/,
      );
    }
  });

  it('of a zip whose content was changed are noticed', async () => {
    const zip = zipOfMembers(packed);
    zip[zip.indexOf(files['train/cat/b.jpg']) + 200]! ^= 1;
    await writeFile(join(folder, 'changed.zip'), zip);
    expect(await userError(ingestPath('changed.zip'))).toMatch(/train\/cat\/b\.jpg: its checksum is another/);
  });
});

describe('an archive that is cut off', () => {
  const list = async (path: string): Promise<number> => {
    let members = 0;
    for await (const _ of archiveMembers(path)) members++;
    return members;
  };

  it('is refused wherever that is, as a tar, and what is missing is said', async () => {
    const whole = await tarOfMembers([...packed, hardLink]);
    const path = join(folder, 'cut.tar');
    for (let size = 0; size < whole.length; size += size % 512 === 511 ? 1 : size % 512 === 0 ? 100 : 411) {
      await writeFile(path, whole.subarray(0, size));
      expect([size, await userError(list(path))]).toEqual([
        size,
        expect.stringMatching(/cut off or damaged: it ends at byte/),
      ]);
    }
    await writeFile(path, whole);
    expect(await list(path)).toBe(4);
    for (const [missing, message] of [
      [1024, /after train\/dog\/d\.jpg; the two empty blocks that mark its end are missing/],
      [512, /after train\/dog\/d\.jpg; the second of the two empty blocks/],
      [1024 + 512 + 200, /inside train\/dog\/c\.jpg/],
      [1024 + 100, /inside the header after train\/dog\/c\.jpg/],
    ] as const) {
      await writeFile(path, whole.subarray(0, whole.length - missing));
      expect(await userError(list(path))).toMatch(message);
    }
  });

  it('is refused as a tar.gz, tar.xz or zip', async () => {
    const tar = await tarOfMembers(packed);
    const packings: Record<string, Buffer> = { 'cut.tar.gz': gzipSync(tar), 'cut.zip': zipOfMembers(packed) };
    if (hasTar) packings['cut.tar.xz'] = execFileSync('xz', ['-c'], { input: tar });
    for (const [name, whole] of Object.entries(packings)) {
      const path = join(folder, name);
      for (const missing of [1, 3, 8, 12, 20, 30, 100, 1000, whole.length - 10]) {
        await writeFile(path, whole.subarray(0, whole.length - missing));
        expect([name, missing, await userError(list(path))]).toEqual([
          name,
          missing,
          expect.stringMatching(/cut off or damaged/),
        ]);
      }
      await writeFile(path, whole);
      expect([name, await list(path)]).toEqual([name, 3]);
    }
  });

  it('is refused where only its end was packed away: a gzip that is whole around a tar that is not', async () => {
    const tar = await tarOfMembers(packed);
    await writeFile(join(folder, 'inner.tar.gz'), gzipSync(tar.subarray(0, tar.length - 1024)));
    expect(await userError(list(join(folder, 'inner.tar.gz')))).toMatch(
      /the two empty blocks that mark its end are missing/,
    );
  });

  it('is told from two that were joined, of which tar reads the first', async () => {
    const one = await tarOfMembers(packed.slice(0, 1));
    const path = join(folder, 'joined.tar');
    await writeFile(path, Buffer.concat([one, Buffer.alloc(8192), one]));
    expect(await userError(list(path))).toMatch(new RegExp(`Another archive begins at byte ${one.length + 8192}`));
    await writeFile(path, Buffer.concat([one, Buffer.alloc(8192, 'rubbish')]));
    expect(await list(path)).toBe(1);
  });
});
