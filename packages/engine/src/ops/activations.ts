import { float, kernel, type } from '../kernel.ts';
import { replaceGradient } from './registry.ts';

// Saving the output in place of the input lets the input be freed: the layer after needs the output anyway.
replaceGradient('Relu', {
  outputsToSave: [true],
  gradFunc: (dy, [y]) => ({ x: () => kernel('ReluGrad', { T: type('float32') }, [dy as never, y!])[0]! }),
});

replaceGradient('LeakyRelu', {
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attributes) => {
    const { alpha } = attributes as unknown as { alpha: number };
    return {
      x: () => kernel('LeakyReluGrad', { T: type('float32'), alpha: float(alpha) }, [dy as never, x!])[0]!,
    };
  },
});
