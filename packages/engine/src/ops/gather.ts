import { int, kernel, type, type KernelType } from '../kernel.ts';
import { tf } from './library.ts';

// tfjs reads the indices back to see whether they are in range, which waits for all that was asked for before, and splits a
// compiled step. TensorFlow's own kernel refuses those that are not.
tf.unregisterKernel('GatherV2', 'tensorflow');
tf.registerKernel({
  kernelName: 'GatherV2',
  backendName: 'tensorflow',
  kernelFunc: ({ inputs, attrs }) => {
    const { x, indices } = inputs as { x: tf.TensorInfo; indices: tf.TensorInfo };
    const { axis, batchDims } = attrs as unknown as { axis: number; batchDims: number };
    const types = {
      Tparams: type(x.dtype as KernelType),
      Tindices: type(indices.dtype as KernelType),
      Taxis: type('int32'),
    };
    return tf.tidy(
      () => kernel('GatherV2', { ...types, batch_dims: int(batchDims) }, [x, indices, tf.scalar(axis, 'int32')])[0]!,
    );
  },
});
