// What `@tensorflow/tfjs-node-gpu` offers of the library that runs in browsers: its tensors with their methods, and layers.
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';

export * from '@tensorflow/tfjs-core';
export * from '@tensorflow/tfjs-layers';
