import './runtime/environment.ts';
import './ops/register.ts';

/** TensorFlow under tfjs, with its environment set before the library is loaded. */
export { tf } from './ops/library.ts';
