import { join } from 'node:path';
import { Argument, Command } from 'commander';
import { writeSchemas } from '../declare/schema-files.ts';
import { findWorkspace } from '../declare/workspace.ts';
import { kindNames, writeNew, type Kind } from '../new/write-new.ts';
import { shownPath } from '../store/shown-path.ts';

export default new Command('new')
  .description(
    'Write a small working task, dataset, experiment, comparison, network or evaluation, with its test, to start from',
  )
  .addArgument(new Argument('<kind>', 'what to write').choices(kindNames))
  .argument('<name>', 'small letters, digits and dashes')
  .addHelpText('after', '\nExample:\n  selfsup new task upside-down')
  .action(async (kind: Kind, name: string) => {
    const workspace = findWorkspace();
    const { files, changed, next } = await writeNew(workspace, kind, name);
    // Stages have schemas for editors.
    const schemas = kind === 'task' || kind === 'evaluation';
    if (schemas) await writeSchemas(workspace);
    console.log('Written');
    for (const path of [...Object.keys(files), ...changed, ...(schemas ? ['pipelines/schema'] : [])])
      console.log(`  ${shownPath(join(workspace.root, path))}`);
    console.log('Then');
    for (const line of next) console.log(`  ${line}`);
    console.log('docs/adding-a-task.md explains the parts. Nx sees new files once git does: git add them.');
  });
