/**
 * Ingests in a process of its own. Arguments: the work folder, the text of dataset.json, and after how many commits
 * to kill itself without warning (never, where left out).
 */
import { writeSync } from 'node:fs';
import { checkDatasetConfig } from '../ingest/dataset-config.ts';
import { ingest } from '../ingest/ingest.ts';

const [workFolder = '', config = '{}', killAfter] = process.argv.slice(2);
let commits = 0;
let acknowledged = 0;
/** Says aloud how many images are on disk, after each commit. */
const phase = (name: string) => ({
  advance: (images: number) => {
    if (name !== 'ingest') return;
    acknowledged += images;
    writeSync(1, `acknowledged ${acknowledged}\n`);
    if (++commits === Number(killAfter)) process.kill(process.pid, 'SIGKILL');
  },
  done: () => undefined,
});
const { manifest } = await ingest({
  name: 'child',
  config: await checkDatasetConfig(JSON.parse(config)),
  workFolder,
  progress: { phase, note: () => undefined, warn: () => undefined },
  signal: new AbortController().signal,
  datasetFolder: workFolder,
}).catch((error: Error & { describe?: () => string }) => {
  process.stderr.write(error.describe?.() ?? error.stack ?? error.message);
  process.exit(3);
});
process.stdout.write(`digest ${manifest.digest}\n`);
