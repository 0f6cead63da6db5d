import '../runtime/environment.ts';

// What `../tensorflow.ts` hands to the world; files that it imports itself take TensorFlow from here.
export * as tf from '@tensorflow/tfjs-node-gpu';
// Before any tensor is made.
import '../cluster/connect.ts';
