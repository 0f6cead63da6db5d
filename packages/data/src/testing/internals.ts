export { openLmdb } from '../store/lmdb-folder.ts';
export { startPool } from '../workers/worker-pool.ts';
export { serve, workerSetup } from '../workers/worker-side.ts';
export { archiveMembers } from '../archives/archive.ts';
export { augmentBatch } from '../loading/pad-crop.ts';
export { readInstances } from '../sources/coco/instances.ts';
export { readMatFile } from '../formats/mat-file.ts';
export { readPickle } from '../formats/pickle.ts';
export { readVocAnnotation } from '../sources/voc/annotation.ts';
