import { cpus, freemem, totalmem } from 'node:os';
import { execa } from 'execa';
import { readSettings } from './settings.ts';

/** The device that TensorFlow computes on. */
export interface DeviceReport {
  readonly device: 'cpu' | 'cuda';
  /** Name of the processor or GPU. */
  readonly name: string;
  /** Threads inside one operation on the processor. */
  readonly threads: number;
  /** Memory of the device in bytes. */
  readonly memory: { readonly total: number; readonly free: number };
}

/** Loads TensorFlow and says what it runs on. Throws `UserError` where no engine is set up. */
export async function deviceReport(): Promise<DeviceReport> {
  const { tf } = await import('../tensorflow.ts');
  const { threads } = readSettings();
  const backend = tf.backend() as unknown as { readonly isUsingGpuDevice: boolean };
  const gpu = backend.isUsingGpuDevice ? await gpuReport() : undefined;
  if (gpu !== undefined) return { device: 'cuda', ...gpu, threads };
  const name = cpus()[0]?.model.trim() ?? process.arch;
  return { device: 'cpu', name, threads, memory: { total: totalmem(), free: freemem() } };
}

/** Asks nvidia-smi; without it the GPU stays nameless. tfjs-node takes the last GPU listed. */
async function gpuReport(): Promise<Pick<DeviceReport, 'name' | 'memory'>> {
  const query = ['--query-gpu=name,memory.total,memory.free', '--format=csv,noheader,nounits'];
  const result = await execa('nvidia-smi', query, { reject: false });
  const parsed = result.failed ? undefined : parseGpuQuery(result.stdout);
  return parsed ?? { name: 'NVIDIA GPU', memory: { total: 0, free: 0 } };
}

/** The last GPU of nvidia-smi's answer `name, total MiB, free MiB`, memory in bytes. */
export function parseGpuQuery(answer: string): Pick<DeviceReport, 'name' | 'memory'> | undefined {
  const match = /^(.*), (\d+), (\d+)$/.exec(answer.trim().split('\n').at(-1) ?? '');
  if (match === null) return undefined;
  return { name: match[1] ?? '', memory: { total: Number(match[2]) * 2 ** 20, free: Number(match[3]) * 2 ** 20 } };
}
