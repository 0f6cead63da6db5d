// @no-effect-on-results
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { engineRoot, LOOPBACK, tfjsFolder } from '../setup/place.ts';

/**
 * Variables for processes that compute together on this machine alone: whatever they listen on is then out of reach from
 * outside. TensorFlow's server takes all addresses otherwise, and asks nobody who they are. Undefined where the engine was set up
 * without.
 */
export function shieldVariables(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv | undefined {
  const root = engineRoot(tfjsFolder());
  const library = root === undefined ? '' : join(root, LOOPBACK);
  if (!existsSync(library)) return undefined;
  return { LD_PRELOAD: [library, environment.LD_PRELOAD].filter(Boolean).join(':') };
}
