// @no-effect-on-results
// A worker thread does not inherit the hooks that let the main thread import TypeScript: it registers them anew.
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
await import(workerData.script);
