// What the inferred Nx projects have in common. Plain JavaScript, since Nx loads it without a build.

export const selfsup = 'node pipelines/bin/selfsup.mjs';

/** A target that runs a command. */
export const command = (text, target = {}, cwd = '{workspaceRoot}') => ({
  executor: 'nx:run-commands',
  options: { command: text, cwd },
  ...target,
});

/** Those of these packages that the workspace has. */
export function shared(workspace, names) {
  const known = [...workspace.packages, workspace.pipelines].map((pkg) => pkg?.name);
  return names.filter((pkg) => known.includes(pkg));
}

/** Nx's name of what a target writes below the artifacts folder; nothing where that lies outside the workspace. */
export function outputs(workspace, path) {
  return workspace.artifacts === undefined ? [] : [`{workspaceRoot}/${workspace.artifacts}/${path}`];
}
