import { tf } from '@selfsup/engine/tensorflow';
import { classificationTask } from '../../steps/classification-task.ts';
import type { TaskContext, TaskInstance } from '../../task.ts';
import type { PartNameConfig } from './config.ts';

const CLASSES = ['upright', 'upside down'];

/** Turns images [batch, height, width, channels] upside down: the order of their rows is reversed. */
export function upsideDown(images: tf.Tensor4D): tf.Tensor4D {
  return images.reverse(1);
}

/** Builds encoder and classifier; see `partNameTask`. */
export async function createPartName(context: TaskContext<PartNameConfig>): Promise<TaskInstance> {
  return classificationTask(context, {
    outputs: CLASSES,
    measure: 'flip-accuracy',
    // Each image twice, all upright ones first: [batch, …] to [2 · batch, …].
    inputs: (images) => tf.concat([images, upsideDown(images)]),
    // The class of each input; those of the dataset are not used but for their number.
    labels: (classes) => CLASSES.flatMap((_name, label) => new Array<number>(classes.length).fill(label)),
    // For the report, with what the trained network says about them.
    picture: {
      images: 6,
      group: 'Test images and what was predicted',
      alt: (image, way) => `Test image ${image}, ${way}`,
    },
  });
}
