export { oneLine } from './one-line.ts';
export { passedOver, passedOverText } from './passed-over.ts';
export type { PassedOver } from '../store/manifest.ts';
