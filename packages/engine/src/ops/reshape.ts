import { dataType, fixedAttributes, type, type TensorFlowBackend } from '../kernel.ts';
import { tf } from './library.ts';
import { preferring } from './registry.ts';

const ofFloats = fixedAttributes({ T: type('float32'), Tshape: type('int32') });

type Backend = tf.KernelBackend &
  TensorFlowBackend & { createOutputTensor(output: { id: number; shape: number[]; dtype: number }): tf.Tensor };

// Gradients of sums and products reshape what they give, which mostly has that shape: it is the same tensor then, and no op.
// tfjs makes a tensor of the shape, which as no more than a handle costs less.
preferring('Reshape', ({ inputs, attrs, backend }) => {
  const { x } = inputs as { x: tf.TensorInfo };
  const { shape } = attrs as unknown as { shape: number[] };
  const tensorFlow = backend as Backend;
  if (tf.util.arraysEqual(x.shape, shape)) {
    tensorFlow.incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  }
  if (x.dtype !== 'float32') return undefined;
  const { binding } = tensorFlow;
  const [id] = tensorFlow.getInputTensorIds([x]);
  const sides = binding.createTensor([shape.length], dataType.int32, Int32Array.from(shape));
  try {
    return tensorFlow.createOutputTensor(binding.executeOp('Reshape', ofFloats(), [id!, sides], 1)[0]!);
  } finally {
    binding.deleteTensor(sides);
  }
});
