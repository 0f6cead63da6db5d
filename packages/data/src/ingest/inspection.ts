export { verifyDataset } from './verify-dataset.ts';
export { contactSheet, sheetSplit } from '../pictures/contact-sheet.ts';
export { sharedPhotographs, type SharedPhotographs } from './shared-photographs.ts';
