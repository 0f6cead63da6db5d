/** Squared errors of estimates against targets, beside those of always predicting the mean target. */
export class EstimateErrors {
  readonly #components: number;
  #count = 0;
  readonly #errors: Float64Array;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;

  constructor(components: number) {
    this.#components = components;
    this.#errors = new Float64Array(components);
    this.#sums = new Float64Array(components);
    this.#squares = new Float64Array(components);
  }

  /** Adds rows of `components` numbers. */
  add(estimates: ArrayLike<number>, targets: ArrayLike<number>): void {
    for (let i = 0; i < targets.length; i++) {
      const component = i % this.#components;
      const target = targets[i]!;
      this.#errors[component]! += (estimates[i]! - target) ** 2;
      this.#sums[component]! += target;
      this.#squares[component]! += target ** 2;
    }
    this.#count += targets.length / this.#components;
  }

  /**
   * Mean squared error over all components; that of predicting each component's mean over the same targets; and R², the
   * part of the variance that the estimates explain, for each group of components (0 where a group does not vary).
   */
  measures(groups: Readonly<Record<string, readonly number[]>>): Record<string, number> {
    const total = (of: (component: number) => number, components: readonly number[]): number =>
      components.reduce((sum, component) => sum + of(component), 0) / this.#count;
    const error = (component: number): number => this.#errors[component]!;
    const spread = (component: number): number => this.#squares[component]! - this.#sums[component]! ** 2 / this.#count;
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

/** Which direction is better, for each of the measures. */
export function directions(groups: Readonly<Record<string, readonly number[]>>): Record<string, 'max' | 'min'> {
  const explained = Object.keys(groups).map((name) => [`r2-${name}`, 'max'] as const);
  return { mse: 'min', 'predict-the-mean-mse': 'min', ...Object.fromEntries(explained) };
}
