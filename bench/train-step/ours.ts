import { ourStep } from './nin.ts';
import { measure, settings } from './timing.ts';

const { width, batch, warmUp, steps } = settings();
measure(ourStep(width, batch), warmUp, steps);
