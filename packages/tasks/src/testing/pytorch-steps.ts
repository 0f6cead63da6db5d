import { tf } from '@selfsup/engine/tensorflow';
import type { OptimizerConfig } from '@selfsup/models/optimizers/config';
import { decodeReference, decodeReferences, type ReferenceArray } from '@selfsup/models/testing/reference';
import { assignVariables, modelWeights } from '@selfsup/models/weights';
import { ParameterGroups } from '@selfsup/trainer/parameter-groups';
import { takeStep } from '@selfsup/trainer/step';
import type { TaskInstance } from '../task.ts';

type Arrays = Readonly<Record<string, ReferenceArray>>;

/** A few training steps as a script in bench/oracles took them. */
export interface ReferenceSteps {
  readonly images: ReferenceArray;
  /** Weights before, by model and name. */
  readonly before: Readonly<Record<string, Arrays>>;
  /** Some weights after, as `<model>/<layer>/<weight>`. */
  readonly after: Arrays;
  readonly steps: number;
}

/**
 * Takes the same steps from the same weights, step `i` under the key [0, i]. Gives the logged values of each, and for each
 * weight of `after` the greatest difference.
 */
export function takeReferenceSteps(
  instance: TaskInstance,
  reference: ReferenceSteps,
  optimizer: OptimizerConfig,
  learningRate: number,
): { values: Record<string, number>[]; differences: Record<string, number> } {
  for (const [name, arrays] of Object.entries(reference.before)) {
    assignVariables(modelWeights(name, instance.models[name]!), decodeReferences(arrays, `${name}/`));
  }
  const groups = new ParameterGroups(optimizer, instance.parameterGroups);
  const { shape, data: images } = decodeReference(reference.images);
  const count = shape[0]!;
  const batch = { images, shape, labels: new Int32Array(count), indices: new Uint32Array(count) };
  const values = Array.from({ length: reference.steps }, (_, step) => {
    const context = { epoch: 0, step, key: [0, step] as const };
    return takeStep(instance, groups, batch as never, context, learningRate).values;
  });
  const ours = new Map(
    Object.entries(instance.models)
      .flatMap(([name, model]) => modelWeights(name, model))
      .map(({ name, variable }) => [name, variable]),
  );
  const differences = Object.entries(reference.after).map(([name, array]) => {
    const expected = decodeReference(array);
    const difference = tf.tidy(
      () =>
        ours
          .get(name)!
          .sub(tf.tensor(expected.data, [...expected.shape]))
          .abs()
          .max()
          .dataSync()[0]!,
    );
    return [name, difference] as const;
  });
  return { values, differences: Object.fromEntries(differences) };
}
