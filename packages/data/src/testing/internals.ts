export { openLmdb } from '../store/lmdb-folder.ts';
export { startPool } from '../workers/worker-pool.ts';
export { serve, workerSetup } from '../workers/worker-side.ts';
export { archiveMembers } from '../archives/archive.ts';
export { augmentBatch } from '../loading/pad-crop.ts';
