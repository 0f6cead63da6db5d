#!/usr/bin/env node
// The command `selfsup`: makes Node read TypeScript, then hands over to src/cli.ts.
import { register } from 'tsx/esm/api';

register();
await import('../src/cli.ts');
