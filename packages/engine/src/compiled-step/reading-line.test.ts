import { expect, test } from 'vitest';
import { lineUnderWay } from './reading-line.ts';

const stack = `Error
    at lineUnderWay (/home/me/work/packages/engine/src/compiled-step/reading-line.ts:21:10)
    at NodeJSKernelBackend.readSync (/home/me/work/node_modules/@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js:259:33)
    at Variable.Tensor.dataSync (file:///home/me/work/node_modules/@tensorflow/tfjs-core/dist/tf-core.node.js:3:4)`;

test('names the innermost line that is neither the engine’s nor a library’s', () => {
  const frames = [
    'at trainee.step (file:///home/me/work/packages/tasks/src/x/x.ts:37:12)',
    'at takeStep (/home/me/work/packages/trainer/src/step.ts:40:3)',
  ];
  const whole = [stack, ...frames].join('\n    ');
  expect(lineUnderWay('/home/me/work', whole)).toBe('packages/tasks/src/x/x.ts:37');
  expect(lineUnderWay('/elsewhere', whole)).toBe('/home/me/work/packages/tasks/src/x/x.ts:37');
  expect(lineUnderWay('/home/me/work', `${stack}\n    at /home/me/work/plain.ts:5:1`)).toBe('plain.ts:5');
});

test('where there is none, says so', () => {
  expect(lineUnderWay('/home/me/work', stack)).toBeUndefined();
});
