export { oneLine } from './one-line.ts';
export { passedOver, passedOverText } from './passed-over.ts';
