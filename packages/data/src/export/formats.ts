export { exportImageFolder } from './image-folder.ts';
export { exportWebdataset } from './webdataset.ts';
