#!/usr/bin/env node
// The command `selfsup`: makes Node read TypeScript, then hands over to src/cli.ts.
import { readTypeScript } from '../../packages/kit/src/files/typescript.mjs';

await readTypeScript();
await import('../src/cli.ts');
