import type { Template } from './template.ts';

/** The variants of the quickstart beside each other, to be changed into what is wanted. */
export const comparisonTemplate: Template = ({ name, title }) => {
  const comparison = {
    $schema: '../../schema/comparison.schema.json',
    about: {
      title,
      summary: 'RotNet beside random weights. Say here what this comparison asks.',
      command: `npx nx run pipeline:${name}`,
    },
    entries: [
      { experiment: 'quickstart', variant: 'rotnet', label: 'RotNet' },
      { experiment: 'quickstart', variant: 'random', label: 'Random weights' },
    ],
  };
  return {
    files: { [`pipelines/comparisons/${name}/comparison.json`]: `${JSON.stringify(comparison, null, 2)}\n` },
    next: [`npx selfsup check ${name}`, `npx nx run pipeline:${name}`],
  };
};
