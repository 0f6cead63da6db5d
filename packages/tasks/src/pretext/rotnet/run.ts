import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { classificationTask } from '../../steps/classification-task.ts';
import { rotate } from '../../steps/rotate.ts';
import type { TaskContext, TaskInstance } from '../../task.ts';
import type { RotNetConfig } from './config.ts';

/** Rotates each image by all of the configured turns and classifies the rotation; see `rotnet`. */
export async function createRotNet(context: TaskContext<RotNetConfig>): Promise<TaskInstance> {
  const { quarterTurns } = context.config;
  const { height, width } = context.input;
  if (height !== width && quarterTurns.some((turns) => turns % 2 === 1)) {
    throw new UserError(`Images of ${width}×${height} pixels cannot be turned by 90°`, {
      field: 'task.quarterTurns',
      remedy: 'Use square images, or [0, 2].',
    });
  }
  return classificationTask(context, {
    outputs: quarterTurns.map((turns) => `${turns * 90}°`),
    measure: 'rotation-accuracy',
    // One rotation after the other: `[batch, …]` to `[turns · batch, …]`.
    inputs: (images) => tf.concat(quarterTurns.map((turns) => rotate(images, turns))),
    labels: (classes) => quarterTurns.flatMap((_turns, label) => new Array<number>(classes.length).fill(label)),
    picture: {
      images: 6,
      group: 'Rotated test images and the predicted rotation',
      alt: (image, rotation) => `Test image ${image} rotated by ${rotation} counter-clockwise`,
    },
  });
}
