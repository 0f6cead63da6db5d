import { Command } from 'commander';
import { writeSchemas } from '../declare/schema-files.ts';
import { findWorkspace } from '../declare/workspace.ts';
import { shownPath } from '../store/shown-path.ts';

export default new Command('schema')
  .description('Write the JSON Schemas that editors use into pipelines/schema')
  .action(async () => {
    const { folder, count } = await writeSchemas(findWorkspace());
    console.log(`Written: ${count} schemas in ${shownPath(folder)}`);
  });
