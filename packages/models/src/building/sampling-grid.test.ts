import { expect, test } from 'vitest';
import { conv2d } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import { configureNetwork } from '../network.ts';
import { samplingGrid } from './sampling-grid.ts';

const build = async (network: Parameters<typeof configureNetwork>[0], side: number) =>
  (await configureNetwork(network)).build({ height: side, width: side, channels: 3 }, [1, 2]);

test('AlexNet’s units lie where Fast R-CNN and FCN have them', async () => {
  const rotnet = await build({ name: 'alexnet', variant: 'rotnet', widthMultiplier: 0.03 }, 224);
  // torchvision's padding of 2 and none in the pools: 15 + 16 i.
  expect(samplingGrid(rotnet, rotnet.getLayer('conv5').output as tf.SymbolicTensor)).toEqual({
    stride: 16,
    centre: 15,
  });
  rotnet.dispose();
  const caffe = await build({ name: 'alexnet', variant: 'caffe', widthMultiplier: 0.03 }, 227);
  const pool5 = caffe.outputs[0]!;
  // fc6 (6 × 6) after conv1 padded by 100: 13 + 32 i.
  const { stride, centre } = samplingGrid(caffe, pool5);
  expect([stride, centre + 2.5 * stride - 100]).toEqual([32, 13]);
  caffe.dispose();
});

test('is where a single bright pixel answers most', () => {
  const image = tf.input({ shape: [41, 41, 1] });
  const ones = { kernelInitializer: 'ones', useBias: false } as const;
  let x = tf.layers.zeroPadding2d({ padding: [[2, 1], [2, 1]] }).apply(image) as tf.SymbolicTensor; // prettier-ignore
  x = conv2d({ filters: 1, kernelSize: 5, strides: 2, ...ones }).apply(x) as tf.SymbolicTensor;
  x = conv2d({ filters: 1, kernelSize: 3, padding: 'same', ...ones }).apply(x) as tf.SymbolicTensor;
  x = tf.layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'valid' }).apply(x) as tf.SymbolicTensor;
  const model = tf.model({ inputs: image, outputs: x });
  const { stride, centre } = samplingGrid(model, x);
  const place = centre + 3 * stride;
  const answers = (at: number) => {
    const pixels = tf.buffer([1, 41, 41, 1]);
    pixels.set(1, 0, at, place, 0);
    return (model.predictOnBatch(pixels.toTensor()) as tf.Tensor4D).slice([0, 3, 3, 0], [1, 1, 1, 1]).dataSync()[0]!;
  };
  expect(Number.isInteger(place)).toBe(true);
  expect(answers(place)).toBeGreaterThan(0);
  for (let by = 1; by < 8; by++) expect(answers(place - by)).toBeCloseTo(answers(place + by), 6);
});

test('a window whose place depends on the image is refused', () => {
  const image = tf.input({ shape: [8, 8, 1] });
  const x = conv2d({ name: 'half', filters: 1, kernelSize: 3, strides: 2, padding: 'same' }).apply(image);
  const model = tf.model({ inputs: image, outputs: x as tf.SymbolicTensor });
  expect(() => samplingGrid(model, x as tf.SymbolicTensor)).toThrow(/'half'/);
});
