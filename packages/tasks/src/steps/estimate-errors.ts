/** Sums that errors are made of, by component: plain numbers, so that a pass can be gone on with. */
interface ErrorSums {
  count: number;
  readonly errors: number[];
  readonly sums: number[];
  readonly squares: number[];
}

/** Squared errors of estimates against targets, beside those of always predicting the mean target. */
export class EstimateErrors {
  readonly #components: number;
  readonly #of: ErrorSums;

  /** Goes on with sums, which it changes in place. */
  constructor(components: number, of: ErrorSums = errorSums(components)) {
    this.#components = components;
    this.#of = of;
  }

  /** Adds rows of `components` numbers. */
  add(estimates: ArrayLike<number>, targets: ArrayLike<number>): void {
    const { errors, sums, squares } = this.#of;
    for (let i = 0; i < targets.length; i++) {
      const component = i % this.#components;
      const target = targets[i]!;
      errors[component]! += (estimates[i]! - target) ** 2;
      sums[component]! += target;
      squares[component]! += target ** 2;
    }
    this.#of.count += targets.length / this.#components;
  }

  /**
   * Mean squared error over all components; that of predicting each component's mean over the same targets; and R², the
   * part of the variance that the estimates explain, for each group of components (0 where a group does not vary).
   */
  measures(groups: Readonly<Record<string, readonly number[]>>): Record<string, number> {
    const total = (of: (component: number) => number, components: readonly number[]): number =>
      components.reduce((sum, component) => sum + of(component), 0) / this.#of.count;
    const { errors, sums, squares, count } = this.#of;
    const error = (component: number): number => errors[component]!;
    const spread = (component: number): number => squares[component]! - sums[component]! ** 2 / count;
    const all = Array.from({ length: this.#components }, (_, i) => i);
    const measures: Record<string, number> = {
      mse: total(error, all) / this.#components,
      'predict-the-mean-mse': total(spread, all) / this.#components,
    };
    for (const [name, components] of Object.entries(groups)) {
      const varies = total(spread, components);
      measures[`r2-${name}`] = varies < 1e-12 ? 0 : 1 - total(error, components) / varies;
    }
    return measures;
  }
}

/** The sums before the first row. */
export function errorSums(components: number): ErrorSums {
  const zeros = (): number[] => new Array<number>(components).fill(0);
  return { count: 0, errors: zeros(), sums: zeros(), squares: zeros() };
}

/** Which direction is better, for each of the measures. */
export function directions(groups: Readonly<Record<string, readonly number[]>>): Record<string, 'max' | 'min'> {
  const explained = Object.keys(groups).map((name) => [`r2-${name}`, 'max'] as const);
  return { mse: 'min', 'predict-the-mean-mse': 'min', ...Object.fromEntries(explained) };
}
