import { eagerly } from '../compiled-step/compiled-step.ts';
import { tensorFlowBackend } from '../kernel.ts';
import { tf } from './library.ts';

/**
 * Tries one of oneDNN's ops once, when first asked, on a small example whose answer is known: not every build of
 * TensorFlow has them, processors other than x86 lack them, and on a GPU they would pull the data over.
 */
export function onceOnCpu(works: () => boolean): () => boolean {
  let answer: boolean | undefined;
  return () => {
    answer ??= !tensorFlowBackend().isUsingGpuDevice && tf.tidy(() => attempt(works));
    return answer;
  };
}

function attempt(works: () => boolean): boolean {
  try {
    return eagerly(works);
  } catch {
    return false;
  }
}
