import { serve } from '../workers/worker-side.ts';
import { prepare, type Prepared, type ToPrepare } from './prepare.ts';
import type { Store } from './store.ts';

serve<Store, readonly ToPrepare[], Prepared[]>((store) => ({
  answer: async (images) => {
    const answer: Prepared[] = [];
    for (const image of images) answer.push(await prepare(image, store));
    const transfer = answer.flatMap((one) => ('record' in one ? [one.record.buffer as ArrayBuffer] : []));
    return { answer, transfer };
  },
}));
