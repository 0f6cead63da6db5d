export { bilinearSample } from './bilinear-sample.ts';
export { bilinearUpsample, type Grid } from './bilinear-upsample.ts';
