import { expect, test } from 'vitest';
import { withLazyBinding } from '../testing/lazy-binding.ts';
import { tf } from '../tensorflow.ts';

const rows = () => tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);

test('gathers along an axis, and within batches', () => {
  tf.tidy(() => {
    expect(
      rows()
        .gather(tf.tensor1d([2, 0], 'int32'))
        .arraySync(),
    ).toEqual([
      [5, 6],
      [1, 2],
    ]);
    expect(
      rows()
        .gather(tf.tensor1d([1], 'int32'), 1)
        .arraySync(),
    ).toEqual([[2], [4], [6]]);
    expect(tf.gather(rows(), tf.tensor2d([1, 0, 1], [3, 1], 'int32'), 1, 1).arraySync()).toEqual([[2], [3], [6]]);
  });
});

test('its gradient adds up what was taken twice', () => {
  const gradient = tf.grad((x: tf.Tensor) => x.gather(tf.tensor1d([1, 1, 0], 'int32')));
  expect(gradient(rows(), tf.ones([3, 2])).arraySync()).toEqual([
    [1, 1],
    [2, 2],
    [0, 0],
  ]);
});

test.each([3, -1])('refuses the index %i of three rows, and reads none', (index) => {
  expect(() =>
    rows()
      .gather(tf.tensor1d([index], 'int32'))
      .dataSync(),
  ).toThrow(/not in \[0, 3\)/);
  withLazyBinding((lazy) => {
    const onRead = () => expect.unreachable();
    const step = () =>
      lazy.step(() => tf.tidy(() => rows().gather(tf.tensor1d([0, 1], 'int32').add(tf.scalar(1, 'int32')))), {
        onRead,
      });
    for (let i = 0; i < 3; i++) expect([...step().dataSync()]).toEqual([3, 4, 5, 6]);
  });
});
