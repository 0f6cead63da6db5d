import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deriveKey } from '@selfsup/kit/random';
import type { Attack, Outcome } from '../campaign.ts';
import { openClock } from '../clocks/clock.ts';
import { addLongTraining, shiftAtLease, shiftBeforeLimit } from '../clocks/long-training.ts';
import { shiftInStage, zoneInStage } from '../clocks/stages.ts';
import type { Struck } from '../clocks/struck.ts';
import { shiftInGc } from '../clocks/upkeep.ts';
import { pushOnce } from '../remote.ts';
import { copyOf, reference } from '../workspace.ts';

/**
 * Of ten cases in five the clock is moved while a stage works, in one a stage works in another zone or while the hour
 * changes, in two `gc` looks, in one a time limit runs, in one two processes want the same stage. Files keep real times. A
 * case has struck where the clock moved while that went on: of a stage, where the times that it wrote show it.
 */
const attack: Attack = {
  title:
    'clock set back an hour, a second or forward a year in mid-run, in gc, before a time limit and at a lease; zones',
  cases: 80,
  async open({ folder, key }) {
    const alone = await reference(dirname(folder));
    const live = copyOf(alone, join(folder, 'artifacts'));
    const remote = join(folder, 'remote');
    mkdirSync(folder, { recursive: true });
    addLongTraining(live.root);
    await pushOnce(live, ['data/replay'], remote);
    const [clock, other] = [openClock(folder, 'clock'), openClock(folder, 'other')];
    const means = { alone, live, clock };

    const strike = async (which: number): Promise<Outcome> => {
      const own = deriveKey(key, which);
      clock.set(0);
      other.set(0);
      const cases: Record<number, () => Promise<Struck>> = {
        5: () => zoneInStage(means, own, which % 20 === 5),
        6: () => shiftInGc(means, remote, own),
        7: () => shiftInGc(means, remote, own),
        8: () => shiftBeforeLimit(live, clock, own),
        9: () => shiftAtLease(live, [clock, other], own),
      };
      const { struck, lost, seen, about } = await (cases[which % 10] ?? (() => shiftInStage(means, own)))();
      return { struck, lost, wrong: seen.length - lost, unnoticed: 0, about, ...(seen.length > 0 ? { seen } : {}) };
    };
    return { strike };
  },
};
export default attack;
