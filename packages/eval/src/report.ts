export type * from './report/input.ts';
export { renderReport } from './report/page.ts';
export { readStageOutputs } from './report/read-outputs.ts';
