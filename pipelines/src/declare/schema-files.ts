import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { datasetConfigSchema } from '@selfsup/data/dataset-config';
import { writeAtomically } from '@selfsup/kit/files';
import { comparisonSchema } from './comparison.ts';
import { experimentSchema, stageSchema } from './experiment.ts';
import { loadStageModule, partsOf } from './parts.ts';
import { studySchema } from './study.ts';
import { workspaceSettingsSchema } from './workspace-settings.ts';
import type { Workspace } from './workspace.ts';

/** The packages whose parts are stages: what `uses` may name. */
const stagePackages = ['tasks', 'eval'];

/**
 * The JSON Schemas for editors, path below `pipelines/schema` to text: the kinds of files, and in `parts` the config of
 * each task and evaluation there is, which the schema of an experiment asks for by what the stage `uses`.
 */
export async function schemaFiles(workspace: Workspace): Promise<Record<string, string>> {
  const parts = stagePackages.flatMap((packageName) => partsOf(workspace, packageName));
  const files: Record<string, string> = {
    'comparison.schema.json': text('Selfsup comparison', jsonSchema(comparisonSchema)),
    'dataset.schema.json': text('Selfsup dataset', jsonSchema(datasetConfigSchema)),
    'experiment.schema.json': text('Selfsup experiment', experimentJsonSchema(parts)),
    'study.schema.json': text('Selfsup study', jsonSchema(studySchema)),
    'selfsup.schema.json': text('Selfsup settings of a workspace', jsonSchema(workspaceSettingsSchema)),
  };
  for (const part of parts) {
    const { schema } = await loadStageModule(workspace, part);
    files[partFile(part)] = text(`Config of ${part}`, jsonSchema(schema, 'ref'));
  }
  return files;
}

/** Writes them into `pipelines/schema`, where those of parts that are no more go. Gives that folder and how many they are. */
export async function writeSchemas(workspace: Workspace): Promise<{ readonly folder: string; readonly count: number }> {
  const folder = join(workspace.root, 'pipelines/schema');
  const files = await schemaFiles(workspace);
  await rm(join(folder, 'parts'), { recursive: true, force: true });
  for (const [name, text] of Object.entries(files)) await writeAtomically(join(folder, name), text);
  return { folder, count: Object.keys(files).length };
}

const partFile = (part: string): string => `parts/${part.replace('/', '-')}.schema.json`;

const jsonSchema = (schema: z.ZodType, reused: 'inline' | 'ref' = 'inline'): object =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused });

const text = (title: string, schema: object): string => `${JSON.stringify({ title, ...schema }, null, 2)}\n`;

/** The schema of an experiment in which `uses` is completed, and `config` is checked, by the parts there are. */
function experimentJsonSchema(parts: readonly string[]): object {
  const uses = z.union([z.enum(parts), z.string()]).describe(stageSchema.shape.uses.description!);
  const stage = jsonSchema(stageSchema.extend({ uses })) as Record<string, unknown>;
  delete stage['$schema'];
  const byPart = parts.map((part) => ({
    if: { properties: { uses: { const: part } }, required: ['uses'] },
    then: { properties: { config: { $ref: partFile(part) } } },
  }));
  const experiment = jsonSchema(experimentSchema) as { properties: Record<string, Record<string, unknown>> };
  experiment.properties['stages']!['additionalProperties'] = { ...stage, allOf: byPart };
  return experiment;
}
