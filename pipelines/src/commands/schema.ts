import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { writeAtomically } from '@selfsup/kit/files';
import { schemaFiles } from '../declare/schema-files.ts';
import { findWorkspace } from '../declare/workspace.ts';
import { shownPath } from '../store/shown-path.ts';

export default new Command('schema')
  .description('Write the JSON Schemas that editors use into pipelines/schema')
  .action(async () => {
    const workspace = findWorkspace();
    const folder = join(workspace.root, 'pipelines/schema');
    const files = await schemaFiles(workspace);
    // those of parts that are no more go
    await rm(join(folder, 'parts'), { recursive: true, force: true });
    for (const [name, text] of Object.entries(files)) await writeAtomically(join(folder, name), text);
    console.log(`Written: ${Object.keys(files).length} schemas in ${shownPath(folder)}`);
  });
