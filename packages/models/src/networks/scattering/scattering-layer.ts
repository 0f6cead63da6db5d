import { tf } from '@selfsup/engine/tensorflow';
import { complex, fft2d, inverseFft2d, modulus, multiply, realPart, reshape, subsampleFourier } from './fourier.ts';
import { foldFourier, lowPass, morlet, type ComplexImage, type Extent } from './morlet-filters.ts';

export interface ScatteringSettings {
  readonly name: string;
  /** J: the outputs are 2^J times smaller than the image. */
  readonly scales: number;
  /** L: angles of the wavelets in a half turn. */
  readonly angles: number;
  readonly order: 1 | 2;
}

/** Complex values that a piece of a batch may take at once. Changes no result. */
const PIECE = 2 ** 22;

/** Fourier transforms on the device: complex, the imaginary parts zero. */
interface Filters {
  /** Of the low-pass filter by scale: `[height, width]`. */
  readonly low: readonly tf.Tensor[];
  /** Of scale j for signals subsampled by 2^r, `wavelets[j][r]`: `[angles, height, width]`. */
  readonly wavelets: readonly (readonly tf.Tensor[])[];
}

/** Size to which an image is padded: two more cells of 2^J pixels at least than it fills. */
function paddedSide(side: number, scales: number): number {
  const cell = 2 ** scales;
  return (Math.floor((side + cell) / cell) + 1) * cell;
}

/** Channels of the output for each channel of the image: 1 + L·J, in order 2 and L²·J·(J−1)/2 more. */
function scatteringPaths({ scales, angles, order }: Omit<ScatteringSettings, 'name'>): number {
  return 1 + angles * scales + (order === 2 ? (angles ** 2 * scales * (scales - 1)) / 2 : 0);
}

/** A layer without weights. Its filters are made once, with the first image, and freed with the layer. */
class Scattering extends tf.layers.Layer {
  static readonly className = 'Scattering';
  readonly #settings: Omit<ScatteringSettings, 'name'>;
  #filters: Filters | undefined;

  constructor({ name, ...settings }: ScatteringSettings) {
    super({ name });
    this.#settings = settings;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, height, width, channels] = inputShape as [number | null, number, number, number];
    const cell = 2 ** this.#settings.scales;
    return [batch, Math.floor(height / cell), Math.floor(width / cell), channels * scatteringPaths(this.#settings)];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const images = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor4D;
    const [batch, height, width, channels] = images.shape;
    const { scales, angles, order } = this.#settings;
    const extent = { height: paddedSide(height, scales), width: paddedSide(width, scales) };
    this.#filters ??= makeFilters(extent, scales, angles);
    const filters = this.#filters;
    return tf.tidy(() => {
      const planes = images.transpose([0, 3, 1, 2]).reshape([batch * channels, height, width]) as tf.Tensor3D;
      const [down, across] = [extent.height - height, extent.width - width];
      const padded = planes.mirrorPad(
        [
          [0, 0],
          [Math.floor(down / 2), Math.ceil(down / 2)],
          [Math.floor(across / 2), Math.ceil(across / 2)],
        ],
        'reflect',
      );
      const atOnce = extent.height * extent.width * angles * (order === 2 ? angles : 1);
      const count = Math.max(1, Math.floor(PIECE / atOnce));
      const pieces: tf.Tensor[] = [];
      for (let from = 0; from < batch * channels; from += count) {
        const size = Math.min(count, batch * channels - from);
        pieces.push(tf.tidy(() => this.#scatter(padded.slice([from, 0, 0], [size, -1, -1]), filters)));
      }
      const [, rows, columns] = this.computeOutputShape(images.shape) as [number, number, number];
      return tf.concat(pieces, 0).reshape([batch, -1, rows, columns]).transpose([0, 2, 3, 1]);
    });
  }

  /** Padded planes `[planes, height, width]` to `[planes, paths, rows, columns]`. */
  #scatter(planes: tf.Tensor, { low, wavelets }: Filters): tf.Tensor {
    const { scales, order } = this.#settings;
    const count = planes.shape[0]!;
    const smooth = (spectrum: tf.Tensor, scale: number): tf.Tensor => {
      const whole = realPart(inverseFft2d(subsampleFourier(multiply(spectrum, low[scale]!), 2 ** (scales - scale))));
      const [height, width] = whole.shape.slice(-2) as [number, number];
      const paths = whole.reshape([count, -1, height, width]);
      return paths.slice([0, 0, 1, 1], [-1, -1, height - 2, width - 2]);
    };
    /** Spectrum of |x ∗ wavelets| for all angles of scale `to`, x being given at scale `from`: an axis for the angles more. */
    const propagate = (spectrum: tf.Tensor, from: number, to: number): tf.Tensor => {
      const [height, width] = spectrum.shape.slice(-2) as [number, number];
      const oneAngle = reshape(spectrum, [...spectrum.shape.slice(0, -2), 1, height, width]);
      const waves = subsampleFourier(multiply(oneAngle, wavelets[to]![from]!), 2 ** (to - from));
      return fft2d(complex(modulus(inverseFft2d(waves))));
    };
    const spectrum = fft2d(complex(planes));
    const first: tf.Tensor[] = [];
    const second: tf.Tensor[] = [];
    for (let j = 0; j < scales; j++) {
      const angles = propagate(spectrum, 0, j);
      first.push(smooth(angles, j));
      if (order === 1 || j === scales - 1) continue;
      const finer: tf.Tensor[] = [];
      for (let next = j + 1; next < scales; next++) {
        const smoothed = tf.tidy(() => smooth(propagate(angles, j, next), next));
        finer.push(smoothed.reshape([count, this.#settings.angles, -1, ...smoothed.shape.slice(-2)]));
      }
      // First wavelet by wavelet, then the second ones by scale and angle.
      const paths = tf.concat(finer, 2);
      second.push(paths.reshape([count, -1, ...paths.shape.slice(-2)]));
    }
    return tf.concat([smooth(spectrum, 0), ...first, ...second], 1);
  }

  override dispose(): ReturnType<tf.layers.Layer['dispose']> {
    tf.dispose([...(this.#filters?.low ?? []), ...(this.#filters?.wavelets ?? []).flat()]);
    this.#filters = undefined;
    return super.dispose();
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.#settings };
  }
}

/**
 * Scattering transform (Bruna and Mallat 2013, arXiv:1203.1513) of images `[batch, height, width, channels]`, to
 * `[batch, ⌊height/2^J⌋, ⌊width/2^J⌋, channels · paths]`: the paths of the first channel, then those of the second. Paths are
 * the low-passed image, then |x ∗ ψ| low-passed by (scale, angle), then ||x ∗ ψ1| ∗ ψ2| low-passed by (ψ1, ψ2), ψ2 always of
 * a coarser scale. The image is mirrored at its borders, no logarithm is taken. Has no weights and no gradient.
 */
export function scatteringLayer(settings: ScatteringSettings): tf.layers.Layer {
  return new Scattering(settings);
}

function makeFilters(extent: Extent, scales: number, angles: number): Filters {
  const scale = (j: number): Float32Array[] =>
    Array.from({ length: angles }, (_, angle) => spectrumOf(morlet(extent, j, angle, angles), extent));
  const folded = (spectra: readonly Float32Array[], halvings: number, shape: readonly number[]): tf.Tensor => {
    const values = spectra.map((spectrum) => foldFourier(spectrum, extent, halvings));
    const size = [extent.height / 2 ** halvings, extent.width / 2 ** halvings];
    const all = new Float32Array(values.length * values[0]!.length);
    values.forEach((one, i) => all.set(one, i * one.length));
    return tf.keep(tf.tidy(() => complex(tf.tensor(all, [...shape, ...size]))));
  };
  const low = spectrumOf(lowPass(extent, scales), extent);
  return {
    low: Array.from({ length: scales }, (_, halvings) => folded([low], halvings, [])),
    wavelets: Array.from({ length: scales }, (_, j) => {
      const spectra = scale(j);
      return Array.from({ length: j + 1 }, (_, halvings) => folded(spectra, halvings, [angles]));
    }),
  };
}

/** The Fourier transform of a filter, which is real. */
function spectrumOf({ real, imaginary }: ComplexImage, { height, width }: Extent): Float32Array {
  const spectrum = tf.tidy(() => {
    const [re, im] = [real, imaginary].map((part) => tf.tensor(Float32Array.from(part), [height, width]));
    return realPart(fft2d(complex(re!, im)));
  });
  const values = spectrum.dataSync() as Float32Array;
  spectrum.dispose();
  return values;
}
