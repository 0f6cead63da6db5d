import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acquireLease } from '@selfsup/kit/lease';
import { temporaryFolder } from '@selfsup/kit/testing/temporary-folder';
import { progressFile } from './recorded-progress.ts';
import { runningHere } from './running-here.ts';

test('what holds its lease is told, with how far it has come; what was left unfinished is not', async () => {
  const stages = temporaryFolder('running');
  const [told, silent, left] = ['pretrain', 'linear', 'conv'].map((stage) =>
    join(stages, 'work/toy/base/seed-1', stage),
  );
  for (const folder of [told!, silent!, left!]) mkdirSync(join(folder, '0123456789ab/files'), { recursive: true });
  const leases = [await acquireLease(join(told!, 'lease')), await acquireLease(join(silent!, 'lease'))];
  writeFileSync(progressFile({ workFolder: told! }), JSON.stringify({ text: 'training 5 %', at: 1 }));
  try {
    expect(await runningHere({ stages })).toEqual([
      { workFolder: silent, label: 'toy base seed-1 linear', progress: undefined },
      { workFolder: told, label: 'toy base seed-1 pretrain', progress: 'training 5 %' },
    ]);
  } finally {
    for (const lease of leases) await lease.release();
  }
  expect(await runningHere({ stages })).toEqual([]);
});
