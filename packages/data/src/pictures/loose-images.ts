export { covering } from '../ingest/covering.ts';
export { DamagedPicture, openPicture } from './decode.ts';
export { refuseHuge } from '../files/file-size.ts';
export { openFileTree } from '../files/file-tree.ts';
export { unreadable } from '../files/folder-files.ts';
export { inChannels } from '../loading/in-channels.ts';
export { pictureEndings } from './formats/signature.ts';
export { pictureFiles } from './picture-files.ts';
