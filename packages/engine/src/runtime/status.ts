import { UserError } from '@selfsup/kit/errors';
import { cachePath } from '@selfsup/kit/folders';
import { processorType } from './identity.ts';
import { readSettings } from './settings.ts';
import { hasCuda, readMachine, requireSupported } from '../setup/machine.ts';
import { ADDON, inspectEngine, tfjsFolder } from '../setup/place.ts';

// What is asked of the engine without loading TensorFlow.
export { engineIdentity, type EngineIdentity } from './identity.ts';
export { readSettings };
export { setUpEngine } from '../setup/setup.ts';
/** What finds the tools that setting up takes; loaded only where it is asked for. */
export const setupTools = () => import('../setup/tools.ts');

/** State of the engine, for `selfsup doctor`. */
export interface EngineStatus {
  readonly ok: boolean;
  readonly facts: Readonly<Record<string, string>>;
  readonly problems: readonly { readonly what: string; readonly remedy: string }[];
}

/**
 * Looks at everything the engine needs, without throwing. With `run`, the addon is also loaded in a child process and
 * multiplies two matrices (about half a second).
 */
export async function engineStatus({ run = true } = {}): Promise<EngineStatus> {
  const facts: Record<string, string> = { node: process.version, cpu: processorType(), cuda: hasCuda() ? 'yes' : 'no' };
  const problems: { what: string; remedy: string }[] = [];
  const check = async (part: () => void | Promise<void>) => {
    try {
      await part();
    } catch (error) {
      const remedy = error instanceof UserError ? error.remedy : undefined;
      problems.push({ what: (error as Error).message, remedy: remedy ?? 'Please report this as a bug.' });
    }
  };
  await check(() => {
    const machine = readMachine();
    facts.platform = `${machine.platform} ${machine.arch}, glibc ${machine.glibc ?? 'none'}`;
    requireSupported(machine);
  });
  await check(() => {
    const settings = readSettings();
    facts.threads = String(settings.threads);
  });
  await check(async () => {
    facts.cache = cachePath() ?? 'none';
    const packageFolder = tfjsFolder();
    const found = inspectEngine(packageFolder);
    if (!found.ok) throw new UserError(`No engine: ${found.why}`, { remedy: 'Run npx nx run engine:setup.' });
    facts.folder = found.root;
    facts.engine = found.stamp.id;
    facts.tensorflow = found.stamp.tensorflow;
    facts.tfjs = found.stamp.tfjs;
    facts.flavour = found.stamp.flavour;
    if (!run) return;
    const { smokeCheck } = await import('../setup/addon/smoke.ts');
    const smoke = await smokeCheck(`${found.root}/${ADDON}`);
    if (!smoke.ok) {
      const remedy = `Delete ${found.root} and run npx nx run engine:setup.`;
      throw new UserError(`The engine does not run: ${smoke.why}`, { remedy });
    }
    facts.device = smoke.gpu ? 'cuda' : 'cpu';
  });
  return { ok: problems.length === 0, facts, problems };
}
