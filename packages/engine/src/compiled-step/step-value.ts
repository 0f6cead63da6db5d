import type { Values } from './native-functions.ts';

let made = 0;

/** How many values there have been. */
export function valuesMade(): number {
  return made;
}

/** A tensor as compiled steps see it. */
export class StepValue {
  readonly shape: readonly number[];
  readonly dtype: number;
  /** Of a handle of one of TensorFlow's variables: the variable's shape, which decides that of what is read from it. */
  readonly variable: readonly number[] | undefined;
  /** The addon's handle; −1 as long as the tensor is not computed, or is only known by its `literal`. */
  handle: number;
  /** Its values, where it is small and was made in JavaScript. */
  readonly literal: Values | undefined;
  /** How many were made before it. */
  readonly serial = made++;
  /** The run that met it last. */
  run: object | undefined;
  /** What it is to that run: a result (0 and up) or an argument (−1 and down). */
  reference = 0;
  /** Whether tfjs has let go of it. */
  disposed = false;

  constructor(shape: readonly number[], dtype: number, handle = -1, literal?: Values, variable?: readonly number[]) {
    this.shape = shape;
    this.dtype = dtype;
    this.handle = handle;
    this.literal = literal;
    this.variable = variable;
  }
}

/** Ids from here on are ours, those below the addon's own, which counts up from 0. */
const OURS = 0x6000_0000;

/** Stands for values by ids, as the addon does. */
export class ValueTable {
  readonly #values: (StepValue | undefined)[] = [];
  readonly #free: number[] = [];

  add(value: StepValue): number {
    const place = this.#free.pop() ?? this.#values.length;
    this.#values[place] = value;
    return OURS + place;
  }

  /** Undefined for ids of the addon's. Throws for one of ours that is gone. */
  get(id: number): StepValue | undefined {
    if (id < OURS) return undefined;
    const value = this.#values[id - OURS];
    if (value === undefined) throw new Error(`Tensor ${id} is gone`);
    return value;
  }

  remove(id: number): void {
    this.#values[id - OURS] = undefined;
    this.#free.push(id - OURS);
  }
}

export function isOurs(id: number): boolean {
  return id >= OURS;
}
