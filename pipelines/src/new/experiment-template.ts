import { smallExperiment } from './small-experiment.ts';
import type { Template } from './template.ts';

/** RotNet on rendered shapes, to be changed into what is wanted. */
export const experimentTemplate: Template = ({ name, title }) => ({
  files: {
    [`pipelines/experiments/${name}/experiment.json`]: smallExperiment({
      ...{ name, title, task: 'rotnet', epochs: 4 },
      summary: 'RotNet on rendered shapes, probed beside random weights. Say here what this experiment asks.',
    }),
  },
  next: [`npx selfsup check ${name}`, `npx nx run pipeline:${name}`],
});
