import type { NamedTensorMap, Tensor, TensorInfo } from '@tensorflow/tfjs-node-gpu';
import { tf } from './library.ts';

type Attributes = Readonly<Record<string, unknown>>;
type Inputs = Record<string, TensorInfo>;

/** What we need of tfjs's engine; its typings keep most of it private. */
interface KernelEngine {
  readonly state: {
    kernelDepth: number;
    readonly gradientDepth: number;
    readonly profiling: boolean;
    readonly activeTape: { attributes?: Attributes | undefined; isCustom?: boolean }[];
    tensorInfo: object;
  };
  readonly backendName: string | null;
  readonly backend: { incRef(dataId: object): void };
  runKernel(name: string, inputs: Inputs, attributes?: Attributes): Tensor | Tensor[];
  makeTensorFromTensorInfo(info: TensorInfo): Tensor;
  getTensorsForGradient(name: string, inputs: Inputs, outputs: Tensor[]): Tensor[];
  saveTensorsForBackwardMode(tensors: Tensor[]): Tensor[];
  addTapeNode(
    name: string,
    inputs: NamedTensorMap,
    outputs: Tensor[],
    gradient: object | null,
    saved: Tensor[],
    attributes?: Attributes,
  ): void;
}

const engine = tf.engine() as unknown as KernelEngine;
const stock = engine.runKernel.bind(engine);
const flags = tf.env();

const addTapeNode = engine.addTapeNode.bind(engine);
let savesForOnce = false;

/**
 * Runs `f`, whose gradients will not be differentiated themselves: what ops save for their gradients then needs no place on the
 * tape.
 */
export function savingForOnce<Result>(f: () => Result): Result {
  savesForOnce = true;
  try {
    return f();
  } finally {
    savesForOnce = false;
  }
}

/** As tfjs saves a tensor, without an op and its entry on the tape. */
function savedForOnce(tensor: Tensor): Tensor {
  engine.backend.incRef(tensor.dataId);
  return tf.keep(engine.makeTensorFromTensorInfo(tensor));
}

// What an op was asked for with, and whether its gradient is whatever a caller gave it, stand on the tape too.
engine.addTapeNode = (name, inputs, outputs, gradient, saved, attributes) => {
  addTapeNode(name, inputs, outputs, gradient, saved, attributes);
  const node = engine.state.activeTape.at(-1)!;
  node.attributes = attributes;
  node.isCustom = gradient !== null;
};

const tensorOf = (made: TensorInfo) => (made instanceof tf.Tensor ? made : engine.makeTensorFromTensorInfo(made));

/**
 * Every op of tfjs comes through here. tfjs looks its kernel up twice and makes a handful of functions and counts for each call,
 * which profiles and checks of its memory need alone: where none of them is asked for, this does the rest of it.
 */
engine.runKernel = (name, inputs, attributes) => {
  const { state, backendName } = engine;
  const kernel = backendName === null ? undefined : tf.getKernel(name, backendName);
  if (kernel == null || state.profiling || flags.getBool('DEBUG') || flags.getBool('IS_TEST')) {
    return stock(name, inputs, attributes);
  }
  const recording = state.gradientDepth > 0 && state.kernelDepth === 0;
  let saved: Tensor[] = [];
  let outputs: Tensor[];
  let isList: boolean;
  state.kernelDepth += 1;
  try {
    const made = kernel.kernelFunc({ inputs, attrs: attributes as never, backend: engine.backend });
    isList = Array.isArray(made);
    outputs = Array.isArray(made) ? made.map(tensorOf) : [tensorOf(made)];
    if (recording) {
      const tensors = engine.getTensorsForGradient(name, inputs, outputs);
      const once = savesForOnce && state.gradientDepth === 1;
      saved = once ? tensors.map(savedForOnce) : engine.saveTensorsForBackwardMode(tensors);
    }
  } finally {
    state.kernelDepth -= 1;
  }
  if (recording) engine.addTapeNode(name, inputs as NamedTensorMap, outputs, null, saved, attributes);
  return isList ? outputs : outputs[0]!;
};

/** A map whose keys hold their values themselves: several times as fast as a WeakMap, to which a key belongs as much. */
class OwnedMap {
  readonly #name = Symbol('value');

  get(key: object): unknown {
    return (key as Record<symbol, unknown>)[this.#name];
  }

  has(key: object): boolean {
    return (key as Record<symbol, unknown>)[this.#name] !== undefined;
  }

  set(key: object, value: object): this {
    (key as Record<symbol, unknown>)[this.#name] = value;
    return this;
  }

  delete(key: object): boolean {
    const had = this.has(key);
    (key as Record<symbol, unknown>)[this.#name] = undefined;
    return had;
  }
}

// What tfjs and its backend know of each tensor; nothing is known yet, or it could not be taken over.
const { tensorMap } = tf.backend() as unknown as { tensorMap: { data: object; numDataIds(): number } };
if (engine.backendName === 'tensorflow' && tensorMap.numDataIds() === 0) {
  tensorMap.data = new OwnedMap();
  engine.state.tensorInfo = new OwnedMap();
}
