// Makes Node read TypeScript. Plain JavaScript, so that it can say what to do where nothing is installed yet.
import { accessSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';

/** Registers tsx. Ends the process with a remedy where the npm packages are missing. */
export async function readTypeScript() {
  try {
    // What tsx keeps in the temporary folder only saves time, but it fails where it cannot keep it.
    accessSync(tmpdir(), constants.W_OK | constants.X_OK);
  } catch {
    process.env.TSX_DISABLE_CACHE = '1';
  }
  try {
    const { register } = await import('tsx/esm/api');
    register();
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    console.error('error: The npm packages are not installed.\n  remedy: Run npm ci in the root of the workspace.');
    process.exit(1);
  }
}
