import { joinCluster, membershipOf } from '@selfsup/engine/cluster';
import { loadSystem } from './system.ts';
import { measure, settings } from './timing.ts';

// One of several processes that share the step, as bench/scale starts them.
const membership = membershipOf(process.env);
if (membership !== undefined) await joinCluster(membership, { purpose: 'bench' });
const { system, shape, warmUp, steps } = settings();
measure(await (await loadSystem(system)).step(shape), warmUp, steps);
