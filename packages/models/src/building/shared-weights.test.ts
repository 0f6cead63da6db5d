import { describe, expect, test } from 'vitest';
import { batchNorm, conv2d, dense } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import { modelWeights } from '../checkpoint/weights.ts';
import cfn from '../networks/cfn/cfn.ts';
import { shareWeights } from './shared-weights.ts';

function network(side: number): tf.LayersModel {
  const image = tf.input({ shape: [side, side, 2] });
  const map = conv2d({ name: 'conv', filters: 3, kernelSize: 3, padding: 'same' }).apply(image);
  return tf.model({ inputs: image, outputs: batchNorm({ name: 'norm' }).apply(map) as tf.SymbolicTensor });
}

describe('a twin for images of another size', () => {
  test('computes with the weights of the original, now and after they changed', () => {
    const [large, small] = [network(8), network(4)];
    shareWeights(large, small);
    const x = tf.randomNormal([2, 4, 4, 2], 0, 1, 'float32', 3);
    const same = network(4);
    const expectSame = () => {
      same.setWeights(large.getWeights());
      expect((small.apply(x) as tf.Tensor).dataSync()).toEqual((same.apply(x) as tf.Tensor).dataSync());
    };
    expectSame();
    small.apply(x, { training: true }); // moves the statistics of both
    const mean = modelWeights('', large).find(({ name }) => name.endsWith('moving_mean'))!.variable;
    expect([...mean.dataSync()].every((value) => value !== 0)).toBe(true);
    const [kernel] = modelWeights('', large);
    kernel!.variable.assign(kernel!.variable.mul(2));
    expectSame();
  });

  test('frees its own weights and leaves those of the original to be disposed once', () => {
    const large = network(8);
    const before = tf.memory().numTensors;
    shareWeights(large, network(4));
    expect(tf.memory().numTensors).toBe(before);
    large.dispose();
    expect(tf.memory().numTensors).toBe(before - 6);
  });

  test('pads for its own size: a tile of CFN gives 3 × 3, its window 13 × 13', () => {
    const config = cfn.schema.parse({ widthMultiplier: 0.05 });
    const [window, tile] = [225, 64].map((side) =>
      cfn.build(config, { height: side, width: side, channels: 3 }, [1, 2]),
    );
    shareWeights(window!, tile!);
    const shapeOf = (model: tf.LayersModel, side: number) =>
      (model.apply(tf.zeros([1, side, side, 3])) as tf.Tensor).shape;
    expect(shapeOf(tile!, 64)).toEqual([1, 3, 3, 12]);
    expect(shapeOf(window!, 225)).toEqual([1, 13, 13, 12]);
  });

  test('is refused where a weight depends on the size', () => {
    const flat = (side: number) => {
      const image = tf.input({ shape: [side] });
      return tf.model({ inputs: image, outputs: dense({ name: 'fc', units: 2 }).apply(image) as tf.SymbolicTensor });
    };
    expect(() => shareWeights(flat(8), flat(4))).toThrow(/fc\/kernel depends on the size/);
  });
});
