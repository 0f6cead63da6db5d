import { UserError } from '@selfsup/kit/errors';
import { didYouMean } from '@selfsup/kit/parse';

/** Variables by which people set something, and what each says. */
export const variables = {
  SELFSUP_DATA: 'folder in which sources look for files',
  SELFSUP_ARTIFACTS: 'folder of the results; artifacts by default',
  SELFSUP_CACHE: 'folder of the engine and of downloads; ~/.cache/selfsup by default',
  SELFSUP_REMOTE: 'where the team keeps its results, in the place of what selfsup.json says; none for nowhere',
  SELFSUP_REMOTE_PUSH: 'never, asked or always: whether results are pushed there',
  SELFSUP_OFFLINE: '1: nothing is asked of another machine',
  SELFSUP_SIGNING_KEY: 'file of the private key that signs what is pushed',
  SELFSUP_THREADS: 'threads that compute; as many as there are cores by default',
  SELFSUP_DEVICE: 'cpu or cuda; cuda where a GPU is found by default',
  SELFSUP_DETERMINISTIC: '0: ops may give other bits each time where that is faster',
  SELFSUP_FPMATH: 'bf16: matrix products in bfloat16 where the processor has it',
  SELFSUP_EXACT: '1: a result of another machine or other threads is computed again',
  SELFSUP_EAGER: '1: a step runs op by op, not as one function',
  SELFSUP_TRACES: '1: says what functions steps became',
  SELFSUP_MAX_MINUTES: 'minutes after which a run saves and stops',
  SELFSUP_PYTHON: 'Python with pip, which fetches the engine',
} as const;

const prefix = 'SELFSUP_';

/**
 * Throws `UserError` where a variable is set whose name is a slip of the pen: what it was to say would be ignored. Other
 * names may be somebody else's.
 */
export function refuseMisspelt(environment: NodeJS.ProcessEnv): void {
  const known = Object.keys(variables).map((name) => name.slice(prefix.length));
  for (const name of Object.keys(environment)) {
    const rest = name.slice(prefix.length);
    if (!name.startsWith(prefix) || known.includes(rest)) continue;
    const near = didYouMean(rest, known);
    if (near === undefined) continue;
    throw new UserError(`There is no setting ${name}`, {
      field: name,
      remedy: `Did you mean ${prefix}${near}? Rename it, or unset it.`,
    });
  }
}

/** The variables as lines of a help text. */
export function environmentHelp(): string {
  const width = Math.max(...Object.keys(variables).map((name) => name.length));
  return Object.entries(variables)
    .map(([name, about]) => `  ${name.padEnd(width)}  ${about}`)
    .join('\n');
}
