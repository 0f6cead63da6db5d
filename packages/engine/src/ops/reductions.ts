import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { kernel, type } from '../kernel.ts';
import { tf } from './library.ts';
import { replaceGradient } from './registry.ts';

interface ReductionAttributes {
  readonly axis: number | number[] | null;
}

/** What a reduction over some axes gave, spread over `shape` again, its values divided by how many each came from. */
function spread(dy: Tensor, shape: readonly number[], { axis }: ReductionAttributes, mean: boolean): Tensor {
  const axes = tf.util.parseAxisParam(axis as number[], [...shape]);
  const narrow = dy.reshape(shape.map((length, i) => (axes.includes(i) ? 1 : length)));
  const count = axes.reduce((product, i) => product * shape[i]!, 1);
  const values = mean ? narrow.div(count) : narrow;
  const types = { T: type('float32'), Tidx: type('int32') };
  return kernel('BroadcastTo', types, [values, tf.tensor1d([...shape], 'int32')])[0]!;
}

// tfjs multiplies by as many ones, made in JavaScript and handed over each time.
for (const name of ['Sum', 'Mean']) {
  replaceGradient(name, {
    inputsToSave: ['x'],
    gradFunc: (dy, [x], attributes) => ({
      x: () => spread(dy as Tensor, x!.shape, attributes as unknown as ReductionAttributes, name === 'Mean'),
    }),
  });
}
