import { kernel, type } from '../kernel.ts';
import { tf } from './library.ts';
import { onceOnCpu } from './one-dnn.ts';

/** oneDNN's softmax over the last axis, which TensorFlow registers under a private name and label. */
function oneDnnSoftmax(logits: tf.TensorInfo): tf.Tensor {
  return kernel('_MklSoftmax', { T: type('float32'), _kernel: 'MklNameChangeOp' }, [logits])[0]!;
}

/** Whether the library on this machine has that op, and it does what its name says. */
const oneDnnServes = onceOnCpu(() => String(oneDnnSoftmax(tf.tensor2d([[2, 2]])).dataSync()) === '0.5,0.5');

// In a function TensorFlow puts oneDNN's op, whose last bits are others, in the place of its own; asked for by itself it runs its
// own. Asked for by name, oneDNN's runs in both.
tf.unregisterKernel('Softmax', 'tensorflow');
tf.registerKernel({
  kernelName: 'Softmax',
  backendName: 'tensorflow',
  kernelFunc: ({ inputs }) => {
    const { logits } = inputs as { logits: tf.TensorInfo };
    return oneDnnServes() ? oneDnnSoftmax(logits) : kernel('Softmax', { T: type('float32') }, [logits])[0]!;
  },
});
