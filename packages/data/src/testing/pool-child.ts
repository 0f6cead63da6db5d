// For tests: asks one of several threads, and closes nothing. Ends by itself.
import { startPool } from '../workers/worker-pool.ts';

const pool = startPool<string, string>(4, new URL('./thread-worker.ts', import.meta.url), 'child');
console.log((await pool.ask('x')).split(' ').slice(0, 2).join(' '));
