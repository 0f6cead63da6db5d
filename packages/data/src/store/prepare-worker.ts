import { serve, workerSetup } from '../workers/worker-side.ts';
import { prepare, type Prepared, type ToPrepare } from './prepare.ts';
import type { Store } from './store.ts';

const store = workerSetup<Store>();

serve<readonly ToPrepare[], Prepared[]>(async (images) => {
  const answer: Prepared[] = [];
  for (const image of images) answer.push(await prepare(image, store));
  const transfer = answer.flatMap((one) => ('record' in one ? [one.record.buffer as ArrayBuffer] : []));
  return { answer, transfer };
});
