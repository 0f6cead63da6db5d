import { readFileSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { sha256 } from '@selfsup/kit/files';
import { readSettings } from './settings.ts';
import { engineToBe, setUpEngine, type EngineFacts, type SetupResult } from '../setup/setup.ts';

/** Variables that change what the library computes and that no setting of ours governs. */
const FOREIGN_VARIABLES = [
  'TF_ENABLE_ONEDNN_OPTS',
  'ONEDNN_MAX_CPU_ISA',
  'DNNL_MAX_CPU_ISA',
  'NVIDIA_TF32_OVERRIDE',
  'TF_ENABLE_CUBLAS_TENSOR_OP_MATH_FP32',
  'TF_XLA_FLAGS',
];

/** What results depend on besides code, data and seed. */
export interface EngineIdentity {
  /** What determines a result: the versions of the library. Part of the keys of the stages that compute with it. */
  readonly engine: Readonly<Record<string, string>>;
  /** Where it is computed: build, processor, threads and arithmetic, on which the last bits of a result may depend. */
  readonly place: Readonly<Record<string, string>>;
}

/**
 * The identity of the engine on this machine, which need not be set up yet, from its facts, the processor and the
 * settings; does not load TensorFlow. Throws `UserError` where a setting is wrong or no engine can be had.
 */
export async function engineIdentity(environment: NodeJS.ProcessEnv = process.env): Promise<EngineIdentity> {
  return identityOf(engineToBe({ environment }) ?? (await madeReady()).stamp, processorType(), environment);
}

/** An engine that nobody has tried yet is tried. */
async function madeReady(): Promise<SetupResult> {
  const { createProgress } = await import('@selfsup/kit/terminal-progress');
  return setUpEngine({ progress: createProgress() });
}

/** The identity from its parts. */
export function identityOf(stamp: EngineFacts, cpu: string, environment: NodeJS.ProcessEnv): EngineIdentity {
  const settings = readSettings(environment);
  const place: Record<string, string> = {
    engine: stamp.id,
    flavour: stamp.flavour,
    cpu,
    threads: String(settings.threads),
    fpmath: settings.fpmath,
    deterministic: settings.deterministic ? '1' : '0',
  };
  const gpu = stamp.flavour === 'cpu' || settings.device === 'cpu' ? undefined : gpuType();
  if (gpu !== undefined) place.gpu = gpu;
  for (const name of FOREIGN_VARIABLES) {
    const value = environment[name];
    if (value) place[name] = value;
  }
  return { engine: { tensorflow: stamp.tensorflow, tfjs: stamp.tfjs }, place };
}

/** The type of the processor: its name, family, model and stepping, and a digest of its instruction sets. */
export function processorType(): string {
  let info: string;
  try {
    info = readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return cpus()[0]?.model ?? process.arch;
  }
  return describeProcessor(info) ?? process.arch;
}

/** The same from the text of `/proc/cpuinfo`, which on virtual machines often tells no more than `AMD EPYC`. */
export function describeProcessor(info: string): string | undefined {
  const field = (name: string) => new RegExp(`^${name}\\s*:\\s*(.*)$`, 'm').exec(info)?.[1]?.trim();
  const name = field('model name');
  if (name === undefined) return undefined;
  // Only what numeric code asks for; the rest differs between kernels on the same processor.
  const sets = (field('flags') ?? '').split(/\s+/).filter((flag) => /^(?:sse|ssse|avx|fma|f16c|amx|bmi)/.test(flag));
  const numbers = ['cpu family', 'model', 'stepping'].map((part) => field(part) ?? '?').join('.');
  return `${name} (${numbers}, ${sha256(sets.sort().join(' ')).slice(0, 6)})`;
}

function gpuType(): string | undefined {
  try {
    const folder = '/proc/driver/nvidia/gpus';
    const models = readdirSync(folder)
      .sort()
      .map((gpu) => /^Model:\s*(.*)$/m.exec(readFileSync(`${folder}/${gpu}/information`, 'utf8'))?.[1]?.trim());
    const driver = /Module\s+([\d.]+)/.exec(readFileSync('/proc/driver/nvidia/version', 'utf8'))?.[1];
    return `${models.join(' + ')}, driver ${driver ?? '?'}`;
  } catch {
    return undefined;
  }
}
