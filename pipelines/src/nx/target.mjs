// What the inferred targets have in common. Plain JavaScript, since Nx loads it without a build.

const selfsup = 'node pipelines/bin/selfsup.mjs';

/** What decides how the engine computes. */
export const settings = ['SELFSUP_THREADS', 'SELFSUP_DETERMINISTIC', 'SELFSUP_FPMATH', 'SELFSUP_DEVICE'];

/** A target that runs a command, with what `nx show project` says of it. */
export const command = (text, description, target = {}, cwd = '{workspaceRoot}') => ({
  executor: 'nx:run-commands',
  options: { command: text, cwd },
  metadata: { description },
  ...target,
});

/** A target that runs a command of selfsup, whose help Nx shows. */
export function selfsupCommand(words, description, target = {}) {
  const help = { command: `${selfsup} help ${words.split(' ')[0]}`, example: {} };
  return { ...command(`${selfsup} ${words}`, description, target), metadata: { description, help } };
}

/** Nx's name of what a target writes below the artifacts folder; nothing where that lies outside the workspace. */
export function outputs(workspace, path) {
  return workspace.artifacts === undefined ? [] : [`{workspaceRoot}/${workspace.artifacts}/${path}`];
}
