export { classColour, voidClass } from '../formats/class-colours.ts';
export { type Picture, jpegEncode, resize } from './native/pictures.ts';
export { pictureSheet } from './picture-sheet.ts';
export { thumbnail } from './thumbnail.ts';
