import { usableCores } from '@selfsup/kit/cpu-quota';
import { UserError } from '@selfsup/kit/errors';
import { numberVariable, type NumberRange } from '@selfsup/kit/numbers';

/** How TensorFlow is to run. Each may change the last bits of a result, so manifests record them as its place. */
export interface EngineSettings {
  /** Threads inside one operation; by default the cores of the affinity mask within the CPU quota of the container. */
  readonly threads: number;
  /** Whether operations must give the same bits each time. */
  readonly deterministic: boolean;
  /** Arithmetic of convolutions and matrix products; `bf16` where the processor is faster with it. */
  readonly fpmath: 'fp32' | 'bf16';
  /** Undefined: what the machine has. */
  readonly device: 'cpu' | 'cuda' | undefined;
}

const threadsRange: NumberRange = { whole: true, atLeast: 1, atMost: 9999 };

function choice<Value extends string>(
  environment: NodeJS.ProcessEnv,
  name: string,
  values: readonly Value[],
): Value | undefined {
  const given = environment[name];
  if (given === undefined || given === '') return undefined;
  const value = values.find((candidate) => candidate === given);
  if (value === undefined) {
    throw new UserError(`${name} is '${given}'`, { field: name, remedy: `Set it to one of: ${values.join(', ')}.` });
  }
  return value;
}

/**
 * Reads SELFSUP_THREADS, SELFSUP_DETERMINISTIC (0 or 1), SELFSUP_FPMATH and SELFSUP_DEVICE.
 * Throws `UserError` naming the variable that cannot be understood.
 */
export function readSettings(environment: NodeJS.ProcessEnv = process.env): EngineSettings {
  return {
    threads: numberVariable('SELFSUP_THREADS', threadsRange, environment) ?? usableCores(),
    deterministic: choice(environment, 'SELFSUP_DETERMINISTIC', ['0', '1']) !== '0',
    fpmath: choice(environment, 'SELFSUP_FPMATH', ['fp32', 'bf16']) ?? 'fp32',
    device: choice(environment, 'SELFSUP_DEVICE', ['cpu', 'cuda']),
  };
}
