// Has effects when imported, and must be imported before TensorFlow is loaded: the library reads its settings once,
// from the environment.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { UserError } from '@selfsup/kit/errors';
import { readSwitches } from '../compiled-step/switches.ts';
import { errorsOf } from './log-noise.ts';
import { readSettings, type EngineSettings } from './settings.ts';
import { ADDON, GUARD, engineRoot, tfjsFolder } from '../setup/place.ts';

/**
 * Sets the variables of TensorFlow and oneDNN that stand for `settings`. What they were before does not count, so
 * that the settings, which are recorded with every result, tell the whole truth.
 */
function applySettings(settings: EngineSettings, environment: NodeJS.ProcessEnv = process.env): void {
  environment.TF_CPP_MIN_LOG_LEVEL ??= '2';
  environment.TF_NUM_INTRAOP_THREADS = String(settings.threads);
  environment.TF_NUM_INTEROP_THREADS = String(settings.threads);
  environment.TF_DETERMINISTIC_OPS = settings.deterministic ? '1' : '0';
  environment.ONEDNN_DEFAULT_FPMATH_MODE = settings.fpmath === 'bf16' ? 'BF16' : 'STRICT';
  delete environment.TF_SET_ONEDNN_FPMATH_MODE;
  // What oneDNN makes ready for a convolution's gradient is kept for the next step: the same bits, and less time where there is
  // little to compute.
  environment.TF_MKL_OPTIMIZE_PRIMITIVE_MEMUSE ??= '0';
  // Each tensor's memory is asked for by itself, and comes from where we lay it (native/tensor_memory.cc).
  environment.TF_ONEDNN_USE_SYSTEM_ALLOCATOR = '1';
  // TensorFlow would take all of a GPU's memory at once.
  environment.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  if (settings.device === 'cpu') environment.CUDA_VISIBLE_DEVICES = '-1';
}

/** Puts back the helpers of `node:util` that tfjs-node calls: Node 23 removed them, Node 22 warns about each. */
function restoreUtil(): void {
  const legacy = util as unknown as Record<string, unknown>;
  legacy.isNullOrUndefined = (value: unknown) => value === null || value === undefined;
  legacy.isArray = Array.isArray;
}

/**
 * Keeps V8 from allocating what looks long-lived in old space at once. It takes the tape of a gradient for that, and
 * a dead tape there holds its nodes until the next full collection: 35 KB a step of even the smallest network.
 */
function keepGarbageYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}

/**
 * Lets only warnings and errors of the library through while it loads: notices are printed by its static
 * initialisers before any setting can stop them. TF_CPP_MIN_LOG_LEVEL=0 shows everything.
 */
function quietLoading(): void {
  const root = engineRoot(tfjsFolder());
  if (root === undefined || !existsSync(join(root, ADDON))) {
    throw new UserError('The engine is not set up', { remedy: 'Run npx nx run engine:setup.' });
  }
  const guardPath = join(root, GUARD);
  if (!existsSync(guardPath) || Number(process.env.TF_CPP_MIN_LOG_LEVEL) < 1) return;
  const guard = createRequire(import.meta.url)(guardPath) as { hold(): boolean; release(): string };
  const load = process.dlopen;
  process.dlopen = (module: object, filename: string, ...flags: [number?]) => {
    if (!filename.endsWith('tfjs_binding.node')) return load(module, filename, ...(flags as []));
    process.dlopen = load;
    const holding = guard.hold();
    try {
      load(module, filename, ...(flags as []));
    } finally {
      if (holding) process.stderr.write(errorsOf(guard.release()));
    }
  };
}

applySettings(readSettings());
readSwitches(); // refuses what cannot be understood before any work is done
restoreUtil();
keepGarbageYoung();
quietLoading();
