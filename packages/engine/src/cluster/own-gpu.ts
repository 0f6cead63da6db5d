// @no-effect-on-results
import { readdirSync } from 'node:fs';

/**
 * Of several GPUs of a machine, lets TensorFlow see the one of this process, unless whoever started it has chosen already. Where
 * there are fewer than processes, some share. To be called before TensorFlow is loaded.
 */
export function chooseGpu(localRank: number, environment: NodeJS.ProcessEnv = process.env, count = gpus()): void {
  const given = environment.CUDA_VISIBLE_DEVICES;
  const visible = given === undefined ? Array.from({ length: count }, (_, i) => String(i)) : given.split(',');
  if (visible.length > 1) environment.CUDA_VISIBLE_DEVICES = visible[localRank % visible.length]!;
}

function gpus(): number {
  try {
    return readdirSync('/proc/driver/nvidia/gpus').length;
  } catch {
    return 0;
  }
}
