import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDisk } from '@selfsup/kit/testing/faulty-disk';
import { jpegEncode } from '../pictures/native/pictures.ts';
import { smoothPixels, tarOf } from '../testing/archives.ts';
import { workplace } from '../testing/workplace.ts';

const folder = await workplace();
const hasCompiler = spawnSync('cc', ['--version']).status === 0;
if (!hasCompiler) console.log('Skipped: there is no C compiler for a disk that is full.');

it.skipIf(!hasCompiler)(
  'says of a disk that is full from the n-th write on what to do, and goes on with room',
  async () => {
    const tar = join(folder, 'images.tar');
    const jpeg = jpegEncode({ pixels: smoothPixels(1, 16, 3), height: 16, width: 16, channels: 3 }, 90);
    await writeFile(tar, await tarOf({ 'a/1.jpg': jpeg, 'b/2.jpg': jpeg }));
    const config = JSON.stringify({
      sources: [{ type: 'folder', path: tar }],
      store: { encoding: 'raw', height: 16, width: 16 },
    });
    const disk = openDisk(join(folder, 'disk'));
    const script = join(import.meta.dirname, '..', 'testing', 'ingest-child.ts');
    const ingested = async (work: string, env = {}): Promise<{ status: number | null; text: string }> => {
      await mkdir(work, { recursive: true });
      const args = ['--import', 'tsx', script, work, config];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, {
        env: { ...process.env, ...env },
        encoding: 'utf8',
      });
      return { status, text: stdout + stderr };
    };
    const root = join(folder, 'work');
    const left = await ingested(root, disk.env('enospc', { root }));
    expect(left.status).toBe(0);
    const digest = /digest \w+/.exec(left.text)![0];
    const last = disk.count();
    expect(last).toBeGreaterThan(10);
    // Among these a new environment is opened, where lmdb 3.5 crashes if it cannot make its file of locks, or its first pages.
    for (let at = 1; at <= 12; at++) {
      await rm(root, { recursive: true });
      const first = await ingested(root, disk.env('enospc', { root, at, span: 0 }));
      expect(first, `write ${at} of ${last}`).toMatchObject({ status: 3, text: expect.stringMatching(/remedy/) });
      // What was begun may leave less to write.
      const second = await ingested(root, disk.env('enospc', { root, at, span: 0 }));
      expect(second.text, `write ${at} of ${last}, the second time`).toMatch(second.status === 0 ? digest : /remedy/);
      expect((await ingested(root)).text).toContain(digest);
    }
  },
  300_000,
);
