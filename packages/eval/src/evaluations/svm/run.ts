import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { accuracy, meanAveragePrecision, metricsOf, type Metric } from '@selfsup/kit/metric';
import { stopIfAsked, type StageContext, type StageResult } from '@selfsup/kit/stage';
import { eachLayer, type LayerResult } from '../../features/each-layer.ts';
import type { FeatureSet } from '../../features/feature-set.ts';
import { averagePrecision } from '../../measures/average-precision.ts';
import { top1 } from '../../measures/confusion.ts';
import { classesShown, positivesByClass, presenceOfRows } from '../../measures/presence.ts';
import { costGrids, type SvmConfig } from './config.ts';
import { stratifiedFolds } from './folds.ts';
import { judge, scoresOf, trainingVectors } from './scores.ts';
import { solveSvms } from './solve.ts';

const quantities = {
  top1: accuracy,
  map: meanAveragePrecision,
  positives: { unit: 'count', better: 'neither' },
} as const;

/** Values of rows times problems that are worked on at once (16 MB each of a few such tensors). */
const problemValues = 2 ** 22;

/** Runs `eval/svm`. Throws `UserError` for unknown layers, empty classes, and features that do not fit in memory. */
export async function measureSvm(context: StageContext<SvmConfig>): Promise<StageResult> {
  const { config } = context;
  const measure = async ({ classes, train, test, shape }: FeatureSet, layer: string): Promise<LayerResult> => {
    const x = await trainingVectors(train, shape, config);
    const shown = presenceOfRows(test, classes.length);
    const tested = classesShown(shown, classes.length);
    const positives = positivesByClass(shown, classes.length).reduce((sum, count) => sum + count, 0);
    try {
      const work = new Machines(context, x, presenceOfRows(train, classes.length), classes, layer);
      const metrics: Metric[] = [];
      let confusion: LayerResult['confusion'];
      for (const { protocol, costs } of await work.chosenCosts()) {
        const w = await work.solve(costs.map((cost, label) => ({ label, cost })));
        const scores = await scoresOf(test, shape, config, w);
        w.dispose();
        const { map, confusion: matrix } = judge(scores, test, classes.length);
        const title = { head: 'svm', protocol, layer };
        const values = { top1: matrix && top1(matrix), map, positives: test.presence && positives };
        metrics.push(...metricsOf(title, quantities, values));
        if (matrix !== undefined) confusion ??= { title, matrix };
      }
      return { metrics, ...(confusion && { confusion }), labels: { test: tested } };
    } finally {
      x.dispose();
    }
  };
  return eachLayer(context, 'refused', measure, 'several');
}

/** A machine to train: class `label` against the rest, without the rows of `without` where that is given. */
interface Machine {
  readonly label: number;
  readonly cost: number;
  readonly without?: { readonly folds: Uint8Array; readonly fold: number };
}

/** The machines of one layer. */
class Machines {
  readonly #context: StageContext<SvmConfig>;
  readonly #x: tf.Tensor2D;
  /** Of the training images, `[rows, classes]`. */
  readonly #presence: Int32Array;
  readonly #classes: readonly string[];
  readonly #layer: string;

  constructor(
    context: StageContext<SvmConfig>,
    x: tf.Tensor2D,
    presence: Int32Array,
    classes: readonly string[],
    layer: string,
  ) {
    this.#context = context;
    this.#x = x;
    this.#presence = presence;
    this.#classes = classes;
    this.#layer = layer;
  }

  /** By protocol, the cost of each class: those that cross-validation picks, or every cost of the grid for all. */
  async chosenCosts(): Promise<{ protocol: string; costs: number[] }[]> {
    const { config, extent } = this.#context;
    const costs = typeof config.costs === 'string' ? costGrids[config.costs] : config.costs;
    const grid = costs.slice(0, extent.repeats);
    const star = config.normalise && config.positiveWeight === 2 ? '' : '*';
    const everywhere = (cost: number): number[] => this.#classes.map(() => cost);
    if (config.folds === 0) return grid.map((cost) => ({ protocol: `cost${cost}${star}`, costs: everywhere(cost) }));
    const name = typeof config.costs === 'string' ? config.costs : `costs${config.costs.join('-')}`;
    const protocol = `${name}-cv${config.folds}${star}`;
    const chosen = grid.length === 1 ? everywhere(grid[0]!) : await this.#crossValidated(grid, config.folds);
    return [{ protocol, costs: chosen }];
  }

  /** The cost of the grid with the best mean average precision over the folds, for each class; of equal ones the least. */
  async #crossValidated(grid: readonly number[], folds: number): Promise<number[]> {
    const machines = this.#classes.flatMap((name, label) => {
      const isPositive = this.#showing(label);
      if (isPositive.filter(Boolean).length < folds)
        throw new UserError(`Class '${name}' has fewer than ${folds} training images`, {
          field: 'folds',
          remedy: 'Use fewer folds, or more training images.',
        });
      const assigned = stratifiedFolds(isPositive, folds);
      return grid.flatMap((cost) =>
        Array.from({ length: folds }, (_, fold) => ({ label, cost, without: { folds: assigned, fold } })),
      );
    });
    const precision: number[] = [];
    await this.#inBatches(machines, (batch, w) => {
      const product = tf.matMul(this.#x, w);
      const scores = product.dataSync();
      product.dispose();
      batch.forEach(({ label, without }, column) => {
        const rows = [...without!.folds.keys()].filter((row) => without!.folds[row] === without!.fold);
        precision.push(
          averagePrecision(
            rows.map((row) => this.#shows(row, label)),
            rows.map((row) => scores[row * batch.length + column] as number),
          ),
        );
      });
      return Promise.resolve();
    });
    return this.#classes.map((_, label) => {
      const means = grid.map((_cost, i) => {
        const at = (label * grid.length + i) * folds;
        return precision.slice(at, at + folds).reduce((a, b) => a + b, 0) / folds;
      });
      return grid[means.indexOf(Math.max(...means))] as number;
    });
  }

  /** An image that shows a class only as difficult is one without it here, as in the benchmark. */
  #shows(row: number, label: number): boolean {
    return this.#presence[row * this.#classes.length + label] === 1;
  }

  #showing(label: number): boolean[] {
    return Array.from({ length: this.#x.shape[0] }, (_, row) => this.#shows(row, label));
  }

  /** Weights of these machines, `[width, machines]`. */
  async solve(machines: readonly Machine[]): Promise<tf.Tensor2D> {
    const parts: tf.Tensor2D[] = [];
    await this.#inBatches(machines, (_, w) => Promise.resolve(void parts.push(w.clone())));
    const all = tf.concat2d(parts, 1);
    tf.dispose(parts);
    return all;
  }

  async #inBatches(
    machines: readonly Machine[],
    use: (batch: readonly Machine[], w: tf.Tensor2D) => Promise<void>,
  ): Promise<void> {
    const { signal, progress, config } = this.#context;
    const rows = this.#x.shape[0];
    const size = Math.max(1, Math.floor(problemValues / rows));
    const phase = progress.phase(`SVMs on ${this.#layer}`, machines.length, 'SVMs');
    for (let start = 0; start < machines.length; start += size) {
      const batch = machines.slice(start, start + size);
      const [signs, weights] = [new Float32Array(rows * batch.length), new Float32Array(rows * batch.length)];
      batch.forEach(({ label, cost, without }, column) => {
        for (let row = 0; row < rows; row++) {
          const at = row * batch.length + column;
          const isPositive = this.#shows(row, label);
          signs[at] = isPositive ? 1 : -1;
          const isOut = without !== undefined && without.folds[row] === without.fold;
          weights[at] = isOut ? 0 : cost * (isPositive ? config.positiveWeight : 1);
        }
      });
      const shape: [number, number] = [rows, batch.length];
      const given = { x: this.#x, signs: tf.tensor2d(signs, shape), weights: tf.tensor2d(weights, shape) };
      try {
        const w = await solveSvms({
          ...given,
          onStep: () => stopIfAsked(signal, 'Stopped while training support vector machines.'),
        });
        await use(batch, w).finally(() => w.dispose());
      } finally {
        tf.dispose([given.signs, given.weights]);
      }
      phase.advance(batch.length);
    }
    phase.done();
  }
}
