// Prints what of this machine the results depend on, for Nx's hashes; the runner's own keys know it more exactly.
// Nothing here may change through setting up the engine, or the second run would miss the cache of the first.
import { existsSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

console.log(process.platform, process.arch, cpus()[0]?.model, availableParallelism(), existsSync('/dev/nvidia0'));
