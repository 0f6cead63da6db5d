import { decayed, ResourceVariable, type SharedScalars } from '@selfsup/engine/optimizer-ops';
import { tf } from '@selfsup/engine/tensorflow';
import type { TensorData } from '../checkpoint/checkpoint.ts';
import { requireTensor, tensorData, type NamedVariable } from '../checkpoint/weights.ts';
import type { Gradients } from './optimizer.ts';

/** What changes in one variable's update: its weights, and by name what the optimiser keeps for it. */
export interface Held<Slot extends string> {
  readonly name: string;
  /** Of its L2 decay: 0 is none. */
  readonly decay: number;
  readonly weights: ResourceVariable;
  readonly slots: Readonly<Record<Slot, ResourceVariable>>;
}

/**
 * Variables that an optimiser changes in place, with what it keeps for each (`<variable>/<slot>`, zero at first). An
 * update makes no tensor of a variable's size.
 */
export class InPlaceUpdates<Slot extends string> {
  readonly #all: readonly (Held<Slot> & Pick<NamedVariable, 'variable'>)[];
  /** What gradients go through to be decayed. */
  readonly #gradient = new ResourceVariable([]);

  /** `decayOf` tells what L2 decay a variable has: 0 is none. */
  constructor(variables: readonly NamedVariable[], slots: readonly Slot[], decayOf: (name: string) => number) {
    this.#all = variables.map(({ name, variable }) => {
      const make = () => new ResourceVariable(variable.shape);
      const made = Object.fromEntries(slots.map((slot) => [slot, make()])) as Record<Slot, ResourceVariable>;
      return { name, decay: decayOf(name), variable, weights: make(), slots: made };
    });
    this.reset();
  }

  /** Calls `update` for each variable with its gradient, to which decay has been added. Gradients lose their values. */
  apply(gradients: Gradients, scalars: SharedScalars, update: (held: Held<Slot>, gradient: tf.Tensor) => void): void {
    const inTurn = typeof gradients === 'function';
    const uses = new Map<object, number>();
    if (!inTurn) for (const { dataId } of Object.values(gradients)) uses.set(dataId, (uses.get(dataId) ?? 0) + 1);
    // The gradients of the last layers come first: so in a compiled step each is used, and freed, as soon as it is there.
    for (const held of this.#all.toReversed()) {
      const { name, decay, variable, weights } = held;
      tf.tidy(() => {
        const found = inTurn ? gradients(name) : gradients[name]!;
        // What stands under two names is changed in a copy, as what has a clone is.
        const gradient = (uses.get(found.dataId) ?? 1) > 1 ? found.clone() : found;
        const added = decay > 0 ? decayed(gradient, variable, scalars.of(-decay), this.#gradient) : gradient;
        weights.updating(variable, () => update(held, added));
      });
    }
  }

  /** Values by `<variable>/<slot>`. */
  data(): Map<string, TensorData> {
    return new Map(
      this.#slots().map(([name, slot]) => {
        const value = slot.read();
        const data = tensorData(value);
        value.dispose();
        return [name, data];
      }),
    );
  }

  /** Throws `UserError` where a slot is missing or of another shape. */
  restore(data: ReadonlyMap<string, TensorData>): void {
    for (const [name, slot] of this.#slots()) {
      const found = requireTensor(data, name, slot.shape);
      tf.tidy(() => slot.assign(tf.tensor(found.data, [...found.shape], 'float32')));
    }
  }

  /** Sets all slots to 0. */
  reset(): void {
    for (const [, slot] of this.#slots()) slot.clear();
  }

  dispose(): void {
    this.#gradient.dispose();
    for (const { weights } of this.#all) weights.dispose();
    for (const [, slot] of this.#slots()) slot.dispose();
  }

  #slots(): [name: string, slot: ResourceVariable][] {
    return this.#all.flatMap(({ name, slots }) =>
      Object.entries<ResourceVariable>(slots).map(([slot, held]): [string, ResourceVariable] => [
        `${name}/${slot}`,
        held,
      ]),
    );
  }
}
