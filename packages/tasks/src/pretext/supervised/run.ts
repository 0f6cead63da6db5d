import { UserError } from '@selfsup/kit/errors';
import { classificationTask } from '../../steps/classification-task.ts';
import type { TaskContext, TaskInstance } from '../../task.ts';
import type { SupervisedConfig } from './config.ts';

/** Builds encoder and classifier of the dataset's classes; see `supervised`. */
export async function createSupervised(context: TaskContext<SupervisedConfig>): Promise<TaskInstance> {
  const { classes, name } = context.dataset.manifest;
  if (classes.length < 2) {
    throw new UserError(`The dataset ${name} has no labels to learn`, {
      remedy: 'Use a dataset with two classes or more, or a pretext task.',
    });
  }
  return classificationTask(context, {
    outputs: classes,
    measure: 'top1',
    inputs: (images) => images,
    labels: (own) => own,
    picture: { images: 12, group: 'Test images and the predicted class' },
  });
}
