#!/usr/bin/env node
// The command `selfsup`: makes Node read TypeScript, then hands over to src/cli.ts.
import { readTypeScript } from '../../packages/kit/src/files/typescript.mjs';
import { inChild, isUnderNx } from './under-nx.mjs';

if (isUnderNx()) process.exit(await inChild());

// What is loaded before passes through no reader of TypeScript, file by file. Where it is missing, readTypeScript says so.
await Promise.all([import('zod'), import('commander')]).catch(() => undefined);
await readTypeScript();
await import('../src/cli.ts');
