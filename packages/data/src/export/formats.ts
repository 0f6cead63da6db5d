export { exportCoco } from './coco.ts';
export { exportImageFolder } from './image-folder.ts';
export { exportVoc } from './voc.ts';
export { exportWebdataset } from './webdataset.ts';
