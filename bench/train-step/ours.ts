import { cluster, joinCluster, membershipOf } from '@selfsup/engine/cluster';
import { besideOthers } from '../scale/beside.ts';
import { loadSystem } from './system.ts';
import { measure, settings } from './timing.ts';

// One of several processes that share the step, as bench/scale starts them.
const membership = membershipOf(process.env);
if (membership !== undefined) await joinCluster(membership, { purpose: 'bench' });
const { system, shape, warmUp, steps } = settings();
const step = await (await loadSystem(system)).step(shape);
const { timeOfAdding } = await import('../scale/time-of-adding.ts');
const spent = cluster() === undefined ? {} : { spent: timeOfAdding() };
measure(step, warmUp, steps, { ...besideOthers(), ...spent });
// The connections to the others would keep it alive.
process.exit(0);
