export type * from './report/comparison-input.ts';
export { renderComparison } from './report/comparison-page.ts';
export { flatten } from './report/facts.ts';
export type * from './report/input.ts';
export { withLighterPictures } from './report/lighter-pictures.ts';
export { renderReport } from './report/page.ts';
export { readStageOutputs } from './report/read-outputs.ts';
