// Run as a process of its own by lease.test.ts: holds the lease of the folder given and says so, and says when it has
// lost it, or ends then with 'ends'. With 'busy' its main thread never comes back.
import { acquireLease } from '../lease/lease.ts';

const [folder, standstill, mode] = process.argv.slice(2);
const lease = await acquireLease(folder!, { standstill: Number(standstill), endProcess: mode?.includes('ends') });
lease.lost.addEventListener('abort', () => console.log('lost'));
console.log('held');
if (mode?.includes('busy')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
setInterval(() => undefined, 1000);
