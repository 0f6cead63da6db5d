// @no-effect-on-results
// Where the folders lie that environment variables name. Plain JavaScript, since Nx's plugin asks too.
import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Whether a path is a folder; nothing is thrown, also where a file stands in the way of it. */
export function isFolder(path) {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** The workspace: the nearest folder from `from` upwards that holds `nx.json` and `pipelines/`; undefined where none does. */
export function workspaceAbove(from = process.cwd()) {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (isFolder(join(folder, 'pipelines')) && existsSync(join(folder, 'nx.json'))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

/**
 * The folder that an environment variable names, absolute; undefined where it is unset or empty. A relative path is taken
 * from the workspace root, wherever the command is typed and whoever runs it (outside of a workspace, from the current
 * folder): a variable outlives a command, so it has to mean one place.
 */
export function namedFolder(variable, { environment = process.env, root = undefined } = {}) {
  const path = environment[variable];
  if (path === undefined || path === '') return undefined;
  return resolve(root ?? workspaceAbove() ?? process.cwd(), path);
}
