import { UserError } from '@selfsup/kit/errors';

/** Settings of compiled steps. */
export interface StepSwitches {
  /** Whether everything runs at once, op by op. */
  readonly eager: boolean;
  /** Whether traces are printed on stderr. */
  readonly traces: boolean;
}

/** Reads SELFSUP_EAGER and SELFSUP_TRACES (0 or 1). Throws `UserError` naming the one that cannot be understood. */
export function readSwitches(environment: NodeJS.ProcessEnv = process.env): StepSwitches {
  return { eager: isOn('SELFSUP_EAGER', environment), traces: isOn('SELFSUP_TRACES', environment) };
}

function isOn(name: string, environment: NodeJS.ProcessEnv): boolean {
  const given = environment[name] || '0';
  if (given !== '0' && given !== '1') {
    throw new UserError(`${name} is '${given}'`, { field: name, remedy: 'Set it to 0 or 1.' });
  }
  return given === '1';
}
