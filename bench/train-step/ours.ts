import { loadSystem } from './system.ts';
import { measure, settings } from './timing.ts';

const { system, shape, warmUp, steps } = settings();
measure((await loadSystem(system)).step(shape), warmUp, steps);
