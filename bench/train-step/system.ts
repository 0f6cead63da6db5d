import { readdirSync } from 'node:fs';

/** What a step is made for. */
export interface StepShape {
  /** Channels that the network's width is counted in. */
  readonly width: number;
  /** Images in a step, before a task makes several of each. */
  readonly batch: number;
}

/** One training step as the trainer takes it (forward, backward, update), which returns the loss. */
export interface TrainingStep {
  (): number;
  /** Floating-point operations of its convolutions and matrix products, where they are to be told. */
  readonly flops?: number;
}

/**
 * A training step that is held against PyTorch's: default export of `systems/<name>.ts`, beside which `systems/<name>.py`
 * takes the same step with the same sizes. The Python script says what it takes in `timing.py`.
 */
export interface System {
  /** What is trained, in a few words. */
  readonly title: string;
  readonly defaults: StepShape;
  /** A shape at which arithmetic costs next to nothing, for `bench/overhead`. Absent where there is none. */
  readonly tiny?: StepShape;
  /** Makes ready to train. */
  step(shape: StepShape): TrainingStep | Promise<TrainingStep>;
  /** A script of the same step in stock tfjs, beside this folder's `run.ts`. */
  readonly stock?: string;
}

const folder = new URL('systems/', import.meta.url);

/** Names of the systems there are. */
export function systemNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
}

/** Loads a system, and TensorFlow with it. */
export async function loadSystem(name: string): Promise<System> {
  if (!systemNames().includes(name)) throw new Error(`No system '${name}': ${systemNames().join(', ')}`);
  return ((await import(new URL(`${name}.ts`, folder).href)) as { default: System }).default;
}
