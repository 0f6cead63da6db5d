import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { deriveKey, integer, uniform } from '@selfsup/kit/random';
import type { Attack, Outcome } from '../campaign.ts';
import { compare } from '../judge.ts';
import { commandOf, copyOf, ended, foldersOf, reference, type Unit } from '../workspace.ts';

const units: readonly Unit[] = [
  { experiment: 'data', stage: 'replay' },
  { experiment: 'replay-evaluations', stage: 'encoder' },
  { experiment: 'replay-evaluations', stage: 'features' },
  { experiment: 'replay-evaluations', stage: 'linear' },
];
const hour = 3600;
const shifts = { 'an hour back': -hour, 'a year forward': 365 * 24 * hour, 'a second back': -1 };
/** The last two are around the change of the hour of 2026 in Berlin, forward and back. */
const zones = [
  { zone: 'UTC', at: 'now' },
  { zone: 'Pacific/Kiritimati', at: 'now' },
  { zone: 'Asia/Kathmandu', at: 'now' },
  { zone: 'Europe/Berlin', at: '2026-03-29T00:59:58Z' },
  { zone: 'Europe/Berlin', at: '2026-10-25T00:59:58Z' },
] as const;

/** The clock is set while a stage runs, or the stage runs in another time zone while the hour changes. Files keep real times. */
const attack: Attack = {
  title: 'clock set back an hour, a second or forward a year in mid-run; time zones; change of the hour',
  cases: 40,
  async open({ folder, key }) {
    const alone = await reference(dirname(folder));
    const live = copyOf(alone, join(folder, 'artifacts'));
    const library = join(folder, 'clock.so');
    const file = join(folder, 'shift');
    mkdirSync(folder, { recursive: true });
    const source = fileURLToPath(new URL('../native/clock.c', import.meta.url));
    execFileSync('cc', ['-O2', '-Wall', '-shared', '-fPIC', '-o', library, source]);
    const set = (seconds: number): void => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(Math.round(seconds)));
      // In place: it is mapped.
      writeFileSync(file, bytes, { flag: 'r+' });
    };
    writeFileSync(file, Buffer.alloc(8));

    const strike = async (which: number): Promise<Outcome> => {
      const drawn = deriveKey(key, which);
      const unit = units[integer(drawn, units.length, 0)]!;
      const { published, work } = foldersOf(unit);
      for (const path of [published, work, 'store/keys'])
        rmSync(join(live.artifacts, path), { recursive: true, force: true });
      const isZone = which % 2 === 1;
      const names = Object.keys(shifts) as (keyof typeof shifts)[];
      const shift = names[integer(drawn, names.length, 1)]!;
      const { zone, at } = isZone ? zones[integer(drawn, zones.length, 1)]! : zones[0];
      set(at === 'now' ? 0 : (Date.parse(at) - Date.now()) / 1000);
      const env = { LD_PRELOAD: library, CLOCK_SHIFT: file, TZ: zone };
      const end = ended(live.start('selfsup', commandOf(unit), env));
      if (!isZone) {
        await Promise.race([end, sleep(500 + uniform(drawn, 2) * 2500)]);
        set(shifts[shift]);
      }
      const { code, output } = await end;
      const seen = code === 0 ? [] : [`ended with ${code}: ${output.slice(-600)}`];
      // What is done is done, whatever the clock says.
      const again = await live.run('selfsup', commandOf(unit), env);
      if (again.code !== 0 || /: started/.test(again.output)) seen.push(`again: ${again.output.slice(-300)}`);
      const judged = compare(alone.artifacts, live.artifacts, [published]);
      seen.push(...judged.lost, ...judged.wrong);
      if (judged.lost.length === 0) {
        const run = JSON.parse(readFileSync(join(live.artifacts, published, 'run.json'), 'utf8')) as {
          wallSeconds: number;
        };
        if (!(run.wallSeconds > 0 && run.wallSeconds < 600)) seen.push(`it is said to have taken ${run.wallSeconds} s`);
      }
      const about = `${commandOf(unit).join(' ')}: ${isZone ? `${zone}, ${at}` : shift}`;
      const lost = judged.lost.length;
      return { struck: 1, lost, wrong: seen.length - lost, unnoticed: 0, about, ...(seen.length > 0 ? { seen } : {}) };
    };
    return { strike };
  },
};
export default attack;
