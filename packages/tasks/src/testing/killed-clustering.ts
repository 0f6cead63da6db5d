// Run as a process of its own by deepcluster-kill.test.ts: trains in the folder given, telling each advance of each phase,
// and prints digests of what it would publish.
import { canonicalJson, sha256, sha256File } from '@selfsup/kit/files';
import { figureData } from '@selfsup/report/testing/figure-data';
import { deepcluster } from '../pretext/deepcluster/deepcluster.ts';
import { createDeepCluster } from '../pretext/deepcluster/run.ts';
import { trainOn } from '../training/run-training.ts';
import { generatedDataset } from './generated-dataset.ts';
import { trainingContext } from './training-context.ts';

// Every piece of work is written at once, so that kills fall in the middle of things.
const eager: typeof deepcluster = {
  ...deepcluster,
  create: (context) => createDeepCluster(context, { persistEverySeconds: 0 }),
};
const context = trainingContext(eager, process.argv[2]!, {
  epochs: 2,
  task: { clusters: 12, iterations: 6 },
  batchSize: 32,
});
let phases = 0;
context.progress.phase = (name) => {
  const number = (phases += 1);
  let advanced = 0;
  return { advance: () => console.log(`${number} ${name} ${++advanced}`), done: () => undefined };
};
const result = await trainOn(generatedDataset(16, { train: 300, test: 20 }), eager, context);
for (const path of [result.blobs!['checkpoint']!, result.files!['clusters.csv']!]) {
  console.log(`digest ${await sha256File(path)}`);
}
console.log(`digest ${sha256(canonicalJson(figureData(result, 'curve')))}`);
