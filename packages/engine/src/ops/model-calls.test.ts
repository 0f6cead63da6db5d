import { expect, test } from 'vitest';
import { batchNorm, dense, dropout, setTrainingStep } from '../layers/layers.ts';
import { tf } from '../tensorflow.ts';
import { countCalls } from '../testing/count-calls.ts';
import { randomKey } from '@selfsup/kit/random';

type Symbolic = tf.SymbolicTensor;

/** Two inputs, a branch that is joined again, a model in the model, and an output that is an input. */
function joined() {
  const [a, b] = ['a', 'b'].map((name) => tf.input({ shape: [4], name })) as [Symbolic, Symbolic];
  const inner = tf.input({ shape: [4], name: 'inner' });
  const outputs = dense({ units: 4, name: 'shared' }).apply(inner) as Symbolic;
  const shared = tf.model({ inputs: inner, outputs, name: 'inside' });
  const left = shared.apply(a) as Symbolic;
  const right = batchNorm({ name: 'norm' }).apply(shared.apply(b)) as Symbolic;
  const sum = tf.layers.add({ name: 'sum' }).apply([left, right]) as Symbolic;
  const dropped = dropout({ name: 'drop', rate: 0.5 }).apply(sum) as Symbolic;
  const both = tf.layers.concatenate({ name: 'both' }).apply([dropped, left]) as Symbolic;
  return tf.model({ inputs: [a, b], outputs: [both, b] });
}

/** What a model asks of TensorFlow, and what it gives. */
function asked(call: () => tf.Tensor | tf.Tensor[]) {
  setTrainingStep(randomKey(1, 'step'));
  let values: number[][] = [];
  const { ops } = countCalls(() => {
    const outputs = [call()].flat();
    values = outputs.map((output) => [...output.dataSync()]);
    tf.dispose(outputs);
  });
  setTrainingStep(undefined);
  return { ops, values };
}

/** A model's layers one by one, as tfjs calls them. */
function layerByLayer(model: tf.LayersModel, [a, b]: readonly tf.Tensor[]) {
  const layer = (name: string, x: tf.Tensor | tf.Tensor[]) =>
    model.getLayer(name).apply(x, { training: true }) as tf.Tensor;
  return tf.tidy(() => {
    // The last input of the last layer comes first.
    const left = layer('inside', a!);
    const right = layer('norm', layer('inside', b!));
    return [layer('both', [layer('drop', layer('sum', [left, right])), left]), b!.clone()];
  });
}

test('a model in training asks for what its layers ask for, and leaves nothing behind', () => {
  const model = joined();
  const inputs = [1, 2].map((seed) => tf.randomNormal([3, 4], 0, 1, 'float32', seed));
  const trained = () => asked(() => model.apply(inputs, { training: true }) as tf.Tensor[]);
  trained(); // an op of ours is tried when it is first asked for
  const expected = asked(() => layerByLayer(model, inputs));
  const before = tf.memory().numTensors;
  expect(trained()).toEqual(expected);
  expect(tf.memory().numTensors).toBe(before);
  expect(expected.ops).toContain('ConcatV2');
});

test('inputs of another number or kind are refused as tfjs refuses them', () => {
  const model = joined();
  const x = tf.ones([3, 4]);
  expect(() => model.apply([x, tf.ones([3, 5])], { training: true })).toThrow(/incompatible|compatible|shape/i);
});
