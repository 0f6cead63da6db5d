import { UserError } from '@selfsup/kit/errors';
import { createProgress } from '@selfsup/kit/terminal-progress';
import { dataSize, duration } from '@selfsup/kit/units';
import { setUpEngine } from './setup.ts';

/**
 * The command behind engine:setup. `--package <folder>` provides another copy of the npm package than that of this
 * workspace. Returns the exit code; errors that the user can mend are printed without a stack.
 */
export async function main(args: readonly string[]): Promise<number> {
  const started = Date.now();
  const at = args.indexOf('--package');
  const packageFolder = at < 0 ? undefined : args[at + 1];
  try {
    const result = await setUpEngine({ progress: createProgress(), ...(packageFolder ? { packageFolder } : {}) });
    const seconds = duration((Date.now() - started) / 1000);
    const { flavour, tensorflow } = result.stamp;
    const downloaded = result.downloadedBytes > 0 ? `, ${dataSize(result.downloadedBytes)} downloaded` : '';
    const done = {
      nothing: 'in place',
      linked: 'linked from the cache',
      accepted: 'the prebuilt addon is used',
      built: `set up in ${seconds}${downloaded}`,
    }[result.action];
    console.log(`Engine: TensorFlow ${tensorflow} (${flavour}), ${done}`);
    return 0;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(error.describe());
    return 1;
  }
}
