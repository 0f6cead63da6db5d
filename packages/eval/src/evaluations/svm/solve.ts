import { tf } from '@selfsup/engine/tensorflow';

/** Binary support vector machines over the same rows, to be solved at once. */
export interface SvmProblems {
  /** `[rows, width]`; a column of ones makes the last weight an offset, which is then regularised too (liblinear). */
  readonly x: tf.Tensor2D;
  /** +1 or −1, `[rows, problems]`. */
  readonly signs: tf.Tensor2D;
  /** What a row's loss counts in each problem, `[rows, problems]`: the cost, and 0 for rows that are left out. */
  readonly weights: tf.Tensor2D;
  /** Called between Newton steps; what it throws ends the work. */
  readonly onStep?: () => void | Promise<void>;
}

/** Gradients at the end, by those at the start. */
const tolerance = 1e-5;
const mostSteps = 60;
const mostConjugateSteps = 60;

/**
 * Minimises ½‖w‖² + Σ weight·max(0, 1 − sign·x·w)² for every problem: L2-regularised linear machines with the squared
 * hinge, what scikit-learn's LinearSVC solves one after another. Newton's method on all rows, its systems solved by
 * conjugate gradients, and an exact search along each step (Keerthi and DeCoste 2005): every product of matrices serves all
 * problems, and nothing is random. Gives `[width, problems]`, the caller's to dispose.
 */
export async function solveSvms({ x, signs, weights, onStep }: SvmProblems): Promise<tf.Tensor2D> {
  let w: tf.Tensor2D = tf.zeros([x.shape[1], signs.shape[1]]);
  let start: tf.Tensor1D | undefined;
  try {
    for (let step = 0; step < mostSteps; step++) {
      await onStep?.();
      const { margins, gradient, size } = atPoint(x, signs, weights, w);
      start ??= size.clone();
      const isDone = tf.tidy(() => size.lessEqual(start!.mul(tolerance)).all().dataSync()[0] === 1);
      size.dispose();
      if (isDone) {
        tf.dispose([margins, gradient]);
        break;
      }
      const direction = newtonDirection(x, weights, margins, gradient);
      tf.dispose([margins, gradient]);
      const moved = tf.tidy(() => w.add<tf.Tensor2D>(direction.mul(bestLength(x, signs, weights, w, direction))));
      tf.dispose([w, direction]);
      w = moved;
    }
    return w;
  } finally {
    start?.dispose();
  }
}

/** What rows lack to their margin `[rows, problems]`, the gradient `[width, problems]` and its length by problem. */
function atPoint(x: tf.Tensor2D, signs: tf.Tensor2D, weights: tf.Tensor2D, w: tf.Tensor2D) {
  return tf.tidy(() => {
    const margins = tf.relu(tf.sub(1, signs.mul(tf.matMul(x, w)))) as tf.Tensor2D;
    const pull = tf.matMul(x, weights.mul(signs).mul<tf.Tensor2D>(margins), true);
    const gradient = w.sub<tf.Tensor2D>(pull.mul(2));
    return { margins, gradient, size: gradient.square().sum<tf.Tensor1D>(0).sqrt() };
  });
}

/** Solves (1 + 2 Xᵀ diag(weights of rows inside their margin) X) d = −gradient to a tenth, by conjugate gradients. */
function newtonDirection(
  x: tf.Tensor2D,
  weights: tf.Tensor2D,
  margins: tf.Tensor2D,
  gradient: tf.Tensor2D,
): tf.Tensor2D {
  const active = tf.tidy(() => weights.mul<tf.Tensor2D>(margins.step()).mul<tf.Tensor2D>(2));
  let [d, rest, p] = tf.tidy(() => {
    const negative = gradient.neg<tf.Tensor2D>();
    return [tf.zerosLike(gradient), negative, negative.clone()];
  }) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  let squares = tf.tidy(() => rest.square().sum<tf.Tensor1D>(0));
  const goal = squares.mul<tf.Tensor1D>(0.01);
  for (let i = 0; i < mostConjugateSteps; i++) {
    const [nextD, nextRest, nextP, nextSquares, going] = tf.tidy(() => {
      const open = squares.greater(goal);
      const curved = p.add<tf.Tensor2D>(tf.matMul(x, active.mul<tf.Tensor2D>(tf.matMul(x, p)), true));
      const curvature = p.mul(curved).sum(0);
      const zero = tf.zerosLike(squares);
      const length = tf.where(open, squares.div(curvature), zero);
      const remains = rest.sub<tf.Tensor2D>(curved.mul(length));
      const after = tf.where(open, remains.square().sum(0), squares);
      const turn = tf.where(open, after.div(squares), zero);
      return [d.add(p.mul(length)), remains, remains.add(p.mul(turn)), after, after.greater(goal).any()];
    }) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.Tensor];
    tf.dispose([d, rest, p, squares]);
    [d, rest, p, squares] = [nextD, nextRest, nextP, nextSquares];
    const isGoing = going.dataSync()[0] === 1;
    going.dispose();
    if (!isGoing) break;
  }
  tf.dispose([active, rest, p, squares, goal]);
  return d;
}

/**
 * The length along each problem's direction at which its objective is least, `[problems]`: the zero of its slope, which
 * rises along the line, by Newton's method inside a bracket.
 */
function bestLength(
  x: tf.Tensor2D,
  signs: tf.Tensor2D,
  weights: tf.Tensor2D,
  w: tf.Tensor2D,
  direction: tf.Tensor2D,
): tf.Tensor1D {
  return tf.tidy(() => {
    const lacking = tf.sub(1, signs.mul(tf.matMul(x, w)));
    const change = signs.mul(tf.matMul(x, direction));
    const [across, along] = [w.mul(direction).sum(0), direction.square().sum(0)];
    let length = tf.onesLike(along) as tf.Tensor1D;
    let [low, high] = [tf.zerosLike(length), tf.fill(length.shape, Infinity) as tf.Tensor1D];
    for (let i = 0; i < 12; i++) {
      [length, low, high] = tf.tidy(() => {
        const margins = tf.relu(lacking.sub(change.mul(length)));
        const slope = across.add(along.mul(length)).sub(weights.mul(change).mul(margins).sum(0).mul(2));
        const bend = along.add(weights.mul(change.square()).mul(margins.step()).sum(0).mul(2));
        const past = slope.greater(0);
        const [from, to] = [tf.where(past, low, length), tf.where(past, length, high)];
        const newton = length.sub(slope.div(bend.maximum(1e-30)));
        const inside = newton.greater(from).logicalAnd(newton.less(to));
        const finite = tf.where(to.isFinite(), to, from.mul(2).add(1));
        const next = tf.where(slope.equal(0), length, tf.where(inside, newton, from.add(finite).div(2)));
        return [next, from, to] as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
      });
    }
    return length;
  });
}
