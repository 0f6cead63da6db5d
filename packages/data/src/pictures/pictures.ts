export { type Picture, jpegEncode } from './native/pictures.ts';
export { pictureSheet } from './picture-sheet.ts';
export { thumbnail } from './thumbnail.ts';
