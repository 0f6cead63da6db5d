import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { kernel } from '../kernel.ts';
import { attributesOf, oneDnnGradient, oneDnnPool, oneDnnServes, type StockAttributes } from './max-pool.ts';
import { replaceGradient } from './registry.ts';

replaceGradient('MaxPool', {
  inputsToSave: ['x'],
  outputsToSave: [true],
  gradFunc: (dy, [x, y], stock) => {
    const attributes = attributesOf(stock as unknown as StockAttributes);
    return {
      x: () =>
        oneDnnServes()
          ? oneDnnGradient(x!.shape, dy as Tensor, oneDnnPool(x!, attributes), attributes)
          : kernel('MaxPoolGrad', attributes, [x!, y!, dy as Tensor])[0]!,
    };
  },
});
