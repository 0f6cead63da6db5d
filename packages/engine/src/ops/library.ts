import '../runtime/environment.ts';

// What `../tensorflow.ts` hands to the world; files that it imports itself take TensorFlow from here.
export { tf } from './tfjs.mjs';
// Before any tensor is made.
import '../cluster/connect.ts';
