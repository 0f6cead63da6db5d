import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '@selfsup/kit/testing/temporary-folder';
import { findWorkspace } from '../declare/workspace.ts';
import { writeSums } from '../store/sums.ts';
import { trainedOn } from './trained-on.ts';

const root = temporaryFolder('trained-on');
const session = { workspace: findWorkspace(), artifacts: { root, stages: root, store: join(root, 'store') } };

function publish(path: string, outputDigest: string, needs: Readonly<Record<string, string>>): string {
  const folder = join(root, path);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ schema: 2, outputDigest, keyParts: { needs } }));
  return folder;
}

test('of published networks it is known what they were trained on, the first one first', () => {
  publish('mnist/ingest', 'a', {});
  publish('cifar10/ingest', 'b', {});
  const generator = publish('toy/base/seed-1/generator', 'c', { dataset: 'gone since' });
  const later = publish('toy/base/seed-1/pretrain', 'd', { generator: 'c', dataset: 'b' });
  const other = publish('other/base/seed-1/pretrain', 'e', { dataset: 'a' });
  expect(trainedOn(session, [generator, later, other])).toBe('cifar10');
  expect(trainedOn(session, [other, later])).toBe('mnist');
  expect(() => trainedOn(session, [generator])).toThrow(
    expect.objectContaining({ field: '--data', remedy: expect.stringMatching(/cifar10, mnist/) }),
  );
});

test('a dataset whose manifest was altered, so that nobody knows whether it is that, is named', async () => {
  const folder = publish('mnist/ingest', 'f', {});
  await writeSums(folder);
  const network = publish('third/base/seed-1/pretrain', 'g', { dataset: 'f' });
  expect(trainedOn(session, [network])).toBe('mnist');
  publish('mnist/ingest', 'v', {});
  expect(() => trainedOn(session, [network])).toThrow(
    expect.objectContaining({ file: folder, message: expect.stringContaining('manifest.json was altered') }),
  );
});
