import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { sha256 } from '@selfsup/kit/files';
import { bringBlobs, bringResult } from '../remotes/bring.ts';
import { pushResult } from '../remotes/push.ts';
import type { Remote } from '../remotes/remote.ts';
import { Unreachable, type Patience } from '../remotes/retry.ts';
import { isComplete, readManifest } from '../store/manifest.ts';
import { isWhole } from '../store/store.ts';
import { faults, type FaultyProxy } from './faulty-proxy.ts';
import { publishSample } from './published-sample.ts';
import { assertRightContent, wholeResults } from './whole-remote.ts';

/** What faults are injected into. */
interface Campaign {
  readonly root: string;
  readonly proxy: FaultyProxy;
  /** Opens a remote through the proxy, to be written and read, and others to be read. */
  readonly open: (name: string) => readonly [Remote, ...Remote[]];
  /** The same without faults. */
  readonly straight: Remote;
  readonly patience: Patience;
  /** How many requests are to go wrong. */
  readonly faults: number;
  /** Bytes of the blobs of a round. */
  readonly sizes: (round: number) => readonly [checkpoint: number, pages: number];
}

/** Numbers from 0 to 1 that are the same each time (Park and Miller's generator). */
function drawing(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** Bytes without any order. */
export function noise(bytes: number, seed: number): Buffer {
  const draw = drawing(seed);
  return Buffer.from(Array.from({ length: bytes }, () => Math.floor(draw() * 256)));
}

/**
 * Pushes and brings results while four in ten requests go wrong, until so many have. Throws where something is lost, half
 * visible or wrong. Who is given up with runs the same command again. Gives the number of results.
 */
export async function faultCampaign(campaign: Campaign): Promise<number> {
  const { root, proxy, straight, patience } = campaign;
  const draw = drawing(7);
  let injected = 0;
  proxy.fault = () => {
    if (draw() < 0.6) return undefined;
    injected += 1;
    return faults[Math.floor(draw() * faults.length)];
  };
  const { signal } = new AbortController();
  const phase = () => ({ advance: () => undefined, done: () => undefined });
  const progress = () => ({ note: () => undefined, warn: () => undefined, phase });
  let round = 0;
  for (; injected < campaign.faults; round++) {
    const key = sha256(`key ${round}`);
    const label = `toy/base/seed-${round}/pretrain`;
    const [checkpoint, pages] = campaign.sizes(round);
    const here = await publishSample(join(root, 'here'), {
      ...{ key, label },
      ...{ checkpoint: noise(checkpoint, round + 1), pages: noise(pages, round + 1_000_001) },
    });
    const session = (name: string, which: number) => {
      const artifacts = { root: join(root, name), stages: join(root, name), store: join(root, name, 'store') };
      const remote = campaign.open(`${label} ${name}`)[which]!;
      const all = [{ remote, push: 'asked' as const, signedBy: [] }];
      return { remotes: { all, signWith: undefined }, artifacts, progress, signal, patience };
    };
    await again(async (time) => {
      const pusher = session(`push ${time}`, 0);
      await pushResult(pusher, pusher.remotes.all[0]!, here).finally(() => wholeResults(straight));
      return true;
    });
    if ((await wholeResults(straight)) !== round + 1) throw new Error(`${label} is lost`);
    for (let which = 0; which < campaign.open('').length; which++) {
      const there = join(root, `there-${which}`);
      const to = {
        label,
        folder: join(there, label),
        workFolder: join(there, 'work', label),
        store: join(there, 'store'),
      };
      await again(async (time) => (await bringResult(session(`bring ${which} ${time}`, which), key, to)) !== undefined);
      const digests = Object.values(readManifest(here.folder)!.blobs).map(({ sha256: digest }) => digest);
      await again(async () => {
        const missing = await bringBlobs(session(`there-${which}`, which), to.store, digests, label);
        return missing.length === 0;
      });
      const manifest = readManifest(to.folder)!;
      const isSame =
        isDeepStrictEqual(manifest, readManifest(here.folder)) && (await isComplete(manifest, to.folder, to.store));
      if (!isSame) throw new Error(`${to.folder} is not what was pushed`);
      for (const digest of digests) if (!(await isWhole(to.store, digest))) throw new Error(`${digest} is not whole`);
    }
  }
  proxy.fault = () => undefined;
  await assertRightContent(straight);
  return round;
}

async function again(work: (time: number) => Promise<boolean>): Promise<void> {
  for (let time = 0; time < 20; time++) {
    try {
      if (await work(time)) return;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
    }
  }
  throw new Error('after twenty times it is not done');
}
