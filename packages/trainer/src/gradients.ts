import { sumOfSquares, variableGradients, variableGradientsOfEach } from '@selfsup/engine/optimizer-ops';
import { tf } from '@selfsup/engine/tensorflow';
import type { NamedVariable } from '@selfsup/models/weights';

/** What a forward pass gives: the scalar to differentiate, and scalars that are only looked at. */
export interface Forward {
  readonly loss: tf.Scalar;
  readonly metrics?: Readonly<Record<string, tf.Scalar>>;
}

export interface ForwardGradients {
  readonly loss: tf.Scalar;
  readonly metrics: Readonly<Record<string, tf.Scalar>>;
  readonly gradients: tf.NamedTensorMap;
}

/**
 * Runs `forward` and differentiates its loss by the variables; gradients come under the variables' own names.
 * Throws when the loss does not depend on one of them. The caller disposes what is returned.
 */
export function gradientsOf(variables: readonly NamedVariable[], forward: () => Forward): ForwardGradients {
  const metrics: Record<string, tf.Scalar> = {};
  const { value, gradients: found } = variableGradients(
    () => {
      const result = forward();
      for (const [name, metric] of Object.entries(result.metrics ?? {})) metrics[name] = tf.keep(metric.clone());
      return result.loss;
    },
    variables.map(({ variable }) => variable),
  );
  const gradients: tf.NamedTensorMap = {};
  for (const { name, variable } of variables) {
    const gradient = found[variable.name];
    if (gradient === undefined) throw new Error(`The loss does not depend on ${name}.`);
    gradients[name] = gradient;
  }
  // Handed back to the scopes around us, which a kept tensor would outlive.
  for (const [name, metric] of Object.entries(metrics)) {
    metrics[name] = metric.clone();
    metric.dispose();
  }
  return { loss: value, metrics, gradients };
}

/**
 * As `gradientsOf` for several losses from one forward pass, each differentiated by the variables that stand under its name:
 * those of all parameter groups before any of them moves. Gradients come as one map; no variable may belong to two losses.
 */
export function gradientsOfEach<Loss extends string>(
  variables: Readonly<Record<Loss, readonly NamedVariable[]>>,
  forward: () => Readonly<Record<Loss, tf.Scalar>>,
): { readonly losses: Record<Loss, tf.Scalar>; readonly gradients: tf.NamedTensorMap } {
  const names = Object.keys(variables) as Loss[];
  const found = variableGradientsOfEach(
    () => {
      const losses = forward();
      return names.map((name) => losses[name]);
    },
    names.map((name) => variables[name].map(({ variable }) => variable)),
  );
  const gradients: tf.NamedTensorMap = {};
  names.forEach((loss, i) => {
    for (const { name, variable } of variables[loss]) {
      const gradient = found[i]!.gradients[variable.name];
      if (gradient === undefined) throw new Error(`The loss ${loss} does not depend on ${name}.`);
      gradients[name] = gradient;
    }
  });
  const losses = Object.fromEntries(names.map((name, i) => [name, found[i]!.value])) as Record<Loss, tf.Scalar>;
  return { losses, gradients };
}

/**
 * Gradients scaled by one factor so that their joint L2 norm is at most `most`, as Caffe's `clip_gradients` and PyTorch's
 * `clip_grad_norm_` do: the same direction. Those that are given are disposed of, each as soon as its scaled one is there.
 */
export function clippedToNorm(gradients: Readonly<tf.NamedTensorMap>, most: number): tf.NamedTensorMap {
  return tf.tidy(() => {
    const squares = Object.values(gradients).map(sumOfSquares);
    const factor = tf.div(most, tf.addN(squares).sqrt().maximum(most));
    const scaled: tf.NamedTensorMap = {};
    for (const [name, gradient] of Object.entries(gradients)) {
      scaled[name] = gradient.mul(factor);
      gradient.dispose();
    }
    return scaled;
  });
}
