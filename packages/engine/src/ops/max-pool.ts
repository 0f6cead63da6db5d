import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { int, kernel, type, type KernelAttributes } from '../kernel.ts';
import { tf } from './library.ts';
import { onceOnCpu } from './one-dnn.ts';
import { replaceGradient } from './registry.ts';

interface StockAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: 'same' | 'valid' | number;
}

const pair = (value: number | readonly [number, number]) => (typeof value === 'number' ? [value, value] : value);

function attributesOf({ filterSize, strides, pad }: StockAttributes): KernelAttributes {
  return {
    T: type('float32'),
    ksize: int([1, ...pair(filterSize), 1]),
    strides: int([1, ...pair(strides), 1]),
    padding: String(pad).toUpperCase(),
    data_format: 'NHWC',
  };
}

/**
 * oneDNN remembers where each maximum was, and is ten times as fast on the way back as TensorFlow's own op, which
 * searches again on one thread. TensorFlow registers it under a private name and label.
 */
function oneDnnGradient(x: Tensor, dy: Tensor, attributes: KernelAttributes): Tensor {
  const labelled = { ...attributes, workspace_enabled: true, _kernel: 'MklNameChangeOp' };
  const [y, places] = kernel('_MklNativeMaxPool', labelled, [x], 2);
  return kernel('_MklNativeMaxPoolGrad', labelled, [x, y!, dy, places!])[0]!;
}

/** Whether the library on this machine has that op, and it does what its name says. */
const oneDnnServes = onceOnCpu(() => {
  const attributes = attributesOf({ filterSize: 2, strides: 2, pad: 'valid' });
  const gradient = oneDnnGradient(tf.tensor4d([1, 4, 3, 2], [1, 2, 2, 1]), tf.ones([1, 1, 1, 1]), attributes);
  return String(gradient.dataSync()) === '0,1,0,0';
});

replaceGradient('MaxPool', {
  inputsToSave: ['x'],
  outputsToSave: [true],
  gradFunc: (dy, [x, y], stock) => {
    const attributes = attributesOf(stock as unknown as StockAttributes);
    return {
      x: () =>
        oneDnnServes()
          ? oneDnnGradient(x!, dy as Tensor, attributes)
          : kernel('MaxPoolGrad', attributes, [x!, y!, dy as Tensor])[0]!,
    };
  },
});
