import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { kernel, type } from '../kernel.ts';
import { tf } from '../tensorflow.ts';

// This product is one of those for which oneDNN points the stack pointer into the heap: see held_signals.cc.
test('signals that arrive while TensorFlow computes wait until it is done', async () => {
  let signals = 0;
  process.on('SIGWINCH', () => (signals += 1));
  const sender = spawn('sh', ['-c', 'while kill -WINCH "$1" 2>/dev/null; do :; done', 'sh', `${process.pid}`]);
  const columns = (count: number) => tf.tensor2d(Float32Array.from({ length: 2048 * count }, Math.sin), [2048, count]);
  const [a, b] = [columns(8), columns(6)];
  const attributes = { T: type('float32'), transpose_a: true, transpose_b: false };
  const product = () => tf.tidy(() => [...kernel('MatMul', attributes, [a, b])[0]!.dataSync()]);
  const expected = product();
  while (signals < 20) {
    for (let i = 0; i < 100; i++) expect(product()).toEqual(expected);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  sender.kill();
  process.removeAllListeners('SIGWINCH');
  tf.dispose([a, b]);
});
