// Entry of the target engine:setup.
import { readTypeScript } from '../../../kit/src/files/typescript.mjs';

await readTypeScript();
const { main } = await import('./command.ts');
process.exitCode = await main(process.argv.slice(2));
