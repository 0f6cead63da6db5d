import { outputs, selfsupCommand } from './target.mjs';
import { datasetsBelow, partsChosen, shared } from './workspace.mjs';

/** The project of a dataset: the stage that makes it. */
export function datasetProject({ name, root, declared }, workspace) {
  const sources = partsChosen(workspace, { config: declared }, 'dataset');
  const below = datasetsBelow(workspace, declared);
  return {
    name: `data-${name}`,
    root,
    tags: ['dataset'],
    implicitDependencies: [...shared(workspace, ['kit', 'engine', 'data']), ...sources, ...below],
    targets: { ingest: ingest(name, workspace) },
  };
}

/** Not cached by Nx, which cannot see the source files; the runner decides in a moment. */
function ingest(name, workspace) {
  return selfsupCommand(`ingest ${name}`, 'Source files to a dataset', {
    cache: false,
    outputs: outputs(workspace, `${name}/ingest`),
  });
}
