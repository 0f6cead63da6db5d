import { tf } from '@selfsup/engine/tensorflow';
import type { TensorData } from '../checkpoint/checkpoint.ts';
import { assignVariables, variableData, type NamedVariable } from '../checkpoint/weights.ts';

/** Tensors that an optimiser keeps for each variable, zero at first, named `<variable>/<slot>`. */
export class Slots {
  readonly #named: NamedVariable[];
  readonly #bySlot: Map<string, tf.Variable>;

  constructor(variables: readonly NamedVariable[], slotNames: readonly string[]) {
    this.#named = variables.flatMap(({ name, variable }) =>
      slotNames.map((slot) => ({ name: `${name}/${slot}`, variable: zeroVariable(variable.shape) })),
    );
    this.#bySlot = new Map(this.#named.map(({ name, variable }) => [name, variable]));
  }

  get(variable: string, slot: string): tf.Variable {
    return this.#bySlot.get(`${variable}/${slot}`)!;
  }

  data(): Map<string, TensorData> {
    return variableData(this.#named);
  }

  restore(data: ReadonlyMap<string, TensorData>): void {
    assignVariables(this.#named, data);
  }

  reset(): void {
    tf.tidy(() => {
      for (const { variable } of this.#named) variable.assign(tf.zeros(variable.shape));
    });
  }

  dispose(): void {
    for (const { variable } of this.#named) variable.dispose();
  }
}

function zeroVariable(shape: number[]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.zeros(shape), false));
}
