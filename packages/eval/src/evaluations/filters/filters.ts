import type { StageModule } from '@selfsup/kit/stage';
import { schema, type FiltersConfig } from './config.ts';

/**
 * The kernels of an encoder's first convolution as pictures: a figure, which the report shows, and `filters.png`.
 * Kernels on colour images are shown in colour, on grey ones in grey; behind a fixed front end (Sobel) each kernel and the
 * front end are one kernel on the image's grey, which is what is shown.
 */
const stage: StageModule<FiltersConfig> = {
  schema,
  roles: ['encoder'],
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('./run.ts')).drawFilters(context),
};
export default stage;
