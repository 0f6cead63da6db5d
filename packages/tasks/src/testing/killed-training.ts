// Run as a process of its own by kill.test.ts: trains in the folder given, telling each step, and prints the result.
import { sha256File } from '@selfsup/kit/files';
import { rotnet } from '../pretext/rotnet/rotnet.ts';
import { trainOn } from '../training/run-training.ts';
import { generatedDataset } from './generated-dataset.ts';
import { trainingContext } from './training-context.ts';

const changes = { epochs: 3, checkpoint: { everySeconds: 1e-6, keep: 2 } };
const context = trainingContext(rotnet, process.argv[2]!, changes);
context.progress.phase = (_name, _total, _unit, done = 0) => {
  let step = done / 16;
  return { advance: () => console.log(`step ${++step}`), done: () => undefined };
};
const result = await trainOn(generatedDataset(), rotnet, context);
console.log(`checkpoint ${await sha256File(result.blobs!['checkpoint']!)}`);
