import { join } from 'node:path';
import { Command } from 'commander';
import { writeAtomically } from '@selfsup/engine/files';
import { schemaFiles } from '../schema-files.ts';
import { findWorkspace } from '../workspace.ts';

export default new Command('schema')
  .description('Write the JSON Schemas that editors use into pipelines/schema')
  .action(async () => {
    for (const [name, text] of Object.entries(schemaFiles())) {
      await writeAtomically(join(findWorkspace().root, 'pipelines/schema', name), text);
    }
  });
