import { expect, test } from 'vitest';
import { tf } from '../tensorflow.ts';

test('a kernel that nobody registered is named', () => {
  expect(() => tf.engine().runKernel('NoSuchKernel', {})).toThrow(/NoSuchKernel/);
});

test('profiles still list kernels', async () => {
  const x = tf.tensor1d([1, 2]);
  const profile = await tf.profile(() => tf.tidy(() => x.square().sum()));
  expect(profile.kernels.map(({ name }) => name)).toEqual(expect.arrayContaining(['Square', 'Sum']));
  x.dispose();
});

test('gradients of gradients find what was saved: (x³)″ = 6x', () => {
  const cube = (x: tf.Tensor) => x.mul(x).mul(x);
  const second = tf.grad((x: tf.Tensor) => tf.grad(cube)(x))(tf.tensor1d([1, -2, 0.5]));
  expect([...second.dataSync()]).toEqual([6, -12, 3]);
});

test('tensors, their bytes and the data that several share are counted', () => {
  const before = tf.memory();
  const x = tf.ones([4, 5]);
  const view = x.clone();
  const { numTensors, numDataBuffers } = tf.memory();
  expect([numTensors - before.numTensors, numDataBuffers - before.numDataBuffers]).toEqual([2, 1]);
  x.dispose();
  expect([...view.dataSync()]).toEqual(Array(20).fill(1));
  expect(() => x.dataSync()).toThrow(/disposed/);
  view.dispose();
  expect(tf.memory()).toEqual(before);
});

test('an op that fails leaves later gradients whole', () => {
  expect(() => tf.matMul(tf.ones([2, 3]), tf.ones([2, 3]))).toThrow();
  expect(() => tf.gather(tf.ones([2]), tf.tensor1d([5], 'int32')).dataSync()).toThrow();
  const gradient = tf.grad((x: tf.Tensor) => x.square())(tf.tensor1d([3]));
  expect([...gradient.dataSync()]).toEqual([6]);
});
