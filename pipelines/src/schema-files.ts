import { z } from 'zod';
import { datasetConfigSchema } from '@selfsup/data/dataset-config';
import { comparisonSchema } from './comparison.ts';
import { experimentSchema } from './experiment.ts';
import { workspaceSettingsSchema } from './workspace-settings.ts';

/** The JSON Schemas for editors, file name to text: what stands in `pipelines/schema`. */
export function schemaFiles(): Record<string, string> {
  const text = (schema: z.ZodType, title: string): string =>
    `${JSON.stringify({ title, ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) }, null, 2)}\n`;
  return {
    'comparison.schema.json': text(comparisonSchema, 'Selfsup comparison'),
    'dataset.schema.json': text(datasetConfigSchema, 'Selfsup dataset'),
    'experiment.schema.json': text(experimentSchema, 'Selfsup experiment'),
    'selfsup.schema.json': text(workspaceSettingsSchema, 'Selfsup settings of a workspace'),
  };
}
