import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { modelWeights } from '../../checkpoint/weights.ts';
import pixels from './pixels.ts';

test('its one probe point is the image itself; it has no weights and takes no settings', () => {
  const model = pixels.build({}, { height: 2, width: 3, channels: 1 }, [1, 0]);
  const image = tf.tensor4d([1, 2, 3, -4, 5, 6], [1, 2, 3, 1]);
  const output = model.predict(image) as tf.Tensor;
  expect(output.arraySync()).toEqual(image.arraySync());
  expect(pixels.probePoints({})).toEqual([model.outputs[0]!.sourceLayer.name]);
  expect(modelWeights('encoder', model)).toEqual([]);
  expect(() => pixels.schema.parse({ width: 3 })).toThrow(/width/);
  model.dispose();
});
