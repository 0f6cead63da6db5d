import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { integer, uniform, type RandomKey } from '@selfsup/kit/random';
import { compare } from '../judge.ts';
import { faultsInRemote, recordsIn } from '../remote.ts';
import { ended } from '../workspace.ts';
import { shiftNames, shifts } from './clock.ts';
import type { Means } from './stages.ts';
import type { Struck } from './struck.ts';

/** Of a minute, and the same in seconds: what is older than this may go. */
const leastAge = { minutes: '0.05', seconds: 3 };
const digest = `ab${'0'.repeat(62)}`;

/**
 * `gc`, of the store here or of a remote, with a clock that is wrong from the start or moved while it looks: what is young
 * has to stay, and to go once it is older than was asked.
 */
export async function shiftInGc({ alone, live, clock }: Means, remote: string, key: RandomKey): Promise<Struck> {
  const shift = shiftNames[integer(key, shiftNames.length, 1)]!;
  const isRemote = integer(key, 2, 2) === 1;
  const isBefore = integer(key, 2, 3) === 1;
  const env = { ...clock.env, SELFSUP_REMOTE: remote, SELFSUP_REMOTE_PUSH: 'always' };
  const nobodys = isRemote
    ? [join(remote, 'blobs/sha256/ab', digest)]
    : [
        join(live.artifacts, 'store/sha256/ab', digest),
        join(live.artifacts, 'work/gone/base/seed-1/x/abcdef012345/files'),
      ];
  for (const path of nobodys) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'about to be named');
  }
  const records = recordsIn(remote);
  if (records.length === 0) throw new Error(`there is no result in ${remote}`);
  const made = performance.now();
  const isThere = (): boolean[] => nobodys.map((path) => existsSync(path));
  const seen: string[] = [];
  let struck = 0;
  const gc = async (...more: string[]): Promise<void> => {
    clock.set(isBefore ? shifts[shift] : 0);
    const of = isRemote ? ['--remote', 'environment', '--results-older-than', '30'] : [];
    const child = live.start('selfsup', ['gc', '--yes', ...of, ...more], env);
    const end = ended(child);
    if (!isBefore) {
      await Promise.race([end, sleep(800 + uniform(key, 4) * 900)]);
      clock.set(shifts[shift]);
    }
    struck += child.exitCode === null && Math.abs(clock.read().off - shifts[shift]) < 0.4 ? 1 : 0;
    const { code, output } = await end;
    if (code !== 0) seen.push(`gc ${more.join(' ')} ended with ${code}: ${output.slice(-500)}`);
  };
  await gc();
  if (isThere().includes(false)) seen.push('gc removed what was young');
  await sleep(Math.max(0, leastAge.seconds * 1000 + 500 - (performance.now() - made)));
  await gc('--min-age', leastAge.minutes);
  if (isThere().includes(true)) seen.push(`gc left what was older than ${leastAge.seconds} s`);
  const gone = records.filter((record) => !recordsIn(remote).includes(record));
  seen.push(...gone.map((record) => `gc removed ${record}, which was pushed today`), ...faultsInRemote(remote));
  const { lost, wrong } = compare(alone.artifacts, live.artifacts);
  seen.push(...lost, ...wrong);
  const about = `gc${isRemote ? ' of a remote' : ''}, ${shift} ${isBefore ? 'from its start' : 'meanwhile'}`;
  return { struck: struck === 2 ? 1 : 0, lost: gone.length + lost.length, seen, about };
}
