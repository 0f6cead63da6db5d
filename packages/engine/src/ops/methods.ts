import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from './library.ts';

type Method = (this: Tensor, first?: unknown, ...more: unknown[]) => unknown;

const methods = tf.Tensor.prototype as unknown as Record<string, Method>;
const engine = tf.engine();

const isFloat = (x: unknown): x is Tensor => x instanceof tf.Tensor && x.dtype === 'float32' && !x.isDisposed;

/** Lets a method of tensors ask for its kernel itself where it has this one argument, which needs no converting. */
function straight<Argument>(
  method: string,
  fits: (argument: unknown) => argument is Argument,
  run: (x: Tensor, argument: Argument) => unknown,
): void {
  const stock = methods[method]!;
  methods[method] = function (first, ...more) {
    return isFloat(this) && more.length === 0 && fits(first) ? run(this, first) : stock.call(this, first, ...more);
  };
}

const isShape = (argument: unknown): argument is number[] => Array.isArray(argument);
const isNothing = (argument: unknown): argument is undefined => argument === undefined;

// tfjs wraps each op in a scope, converts what it is given, and matches types. For the methods that layers call most, on floats
// alone, nothing of it has an effect.
for (const [method, name] of Object.entries({ add: 'Add', sub: 'Sub', mul: 'Multiply' })) {
  straight(method, isFloat, (a, b) => engine.runKernel(name, { a, b }));
}
straight('matMul', isFloat, (a, b) => {
  return engine.runKernel('BatchMatMul', { a, b }, { transposeA: false, transposeB: false });
});
straight('clone', isNothing, (x) => engine.runKernel('Identity', { x }));
straight('reshape', isShape, (x, shape) => engine.runKernel('Reshape', { x }, { shape }));
