import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import { constant, gaussian, heFanOut, uniformFanIn } from './initialisers.ts';

type Initialiser = ReturnType<typeof heFanOut>;

/** How a layer begins, given its name and how many inputs each of its outputs sees. */
export type LayerStart = (
  name: string,
  fanIn: number,
) => { readonly kernelInitializer: Initialiser; readonly biasInitializer: Initialiser };

/** PyTorch's default for convolutions and linear layers: weights and biases uniform in ±1/√fanIn. */
export function pytorchStart(key: RandomKey): LayerStart {
  return (name, fanIn) => ({
    kernelInitializer: uniformFanIn(deriveKey(key, name, 'kernel'), fanIn),
    biasInitializer: uniformFanIn(deriveKey(key, name, 'bias'), fanIn),
  });
}

/** Weights normal with variance 2 / (k² · filters), biases 0. */
export function heStart(key: RandomKey): LayerStart {
  return (name) => ({ kernelInitializer: heFanOut(deriveKey(key, name, 'kernel')), biasInitializer: constant(0) });
}

/** Caffe's fillers: weights normal with standard deviation `std`, biases `bias`. */
export function gaussianStart(key: RandomKey, std: number, bias = 0): LayerStart {
  return (name) => ({
    kernelInitializer: gaussian(deriveKey(key, name, 'kernel'), std),
    biasInitializer: constant(bias),
  });
}
