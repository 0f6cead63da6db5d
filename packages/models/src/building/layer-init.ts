import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import { constant, gaussian, heFanOut, uniformFanIn } from './initialisers.ts';

type Initialiser = ReturnType<typeof heFanOut>;

/** How a layer begins, given its name and how many inputs each of its outputs sees. */
export type LayerInit = (
  name: string,
  fanIn: number,
) => { readonly kernelInitializer: Initialiser; readonly biasInitializer: Initialiser };

/** PyTorch's default for convolutions and linear layers: weights and biases uniform in ±1/√fanIn. */
export function pytorchInit(key: RandomKey): LayerInit {
  return (name, fanIn) => ({
    kernelInitializer: uniformFanIn(deriveKey(key, name, 'kernel'), fanIn),
    biasInitializer: uniformFanIn(deriveKey(key, name, 'bias'), fanIn),
  });
}

/** Weights normal with variance 2 / (k² · filters), biases 0. */
export function heInit(key: RandomKey): LayerInit {
  return (name) => ({ kernelInitializer: heFanOut(deriveKey(key, name, 'kernel')), biasInitializer: constant(0) });
}

/** Weights normal with variance 2 / fanIn, biases 0: layers with ReLU keep the scale of what comes in, however wide they are. */
export function heFanInInit(key: RandomKey): LayerInit {
  return (name, fanIn) => gaussianInit(key, Math.sqrt(2 / fanIn))(name, fanIn);
}

/** Caffe's fillers: weights normal with standard deviation `std`, biases `bias`. */
export function gaussianInit(key: RandomKey, std: number, bias = 0): LayerInit {
  return (name) => ({
    kernelInitializer: gaussian(deriveKey(key, name, 'kernel'), std),
    biasInitializer: constant(bias),
  });
}
