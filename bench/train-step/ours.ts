import { loadSystem } from './system.ts';
import { measure, settings } from './timing.ts';

const { system, shape, warmUp, steps } = settings();
measure(await (await loadSystem(system)).step(shape), warmUp, steps);
