/** Complex values in space, row by row. */
export interface ComplexImage {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}

/** Size of a filter in pixels. */
export interface Extent {
  readonly height: number;
  readonly width: number;
}

interface Gabor {
  readonly sigma: number;
  /** Direction of the wave in radians, from the rows' axis. */
  readonly theta: number;
  /** Frequency of the wave in radians a pixel; 0 gives the envelope alone. */
  readonly xi: number;
  readonly slant: number;
}

/** π as the reference implementation rounds it in the filters' norm, so that outputs agree with it. */
const PI_IN_NORM = 3.1415;

/** Periods on each side of the origin that are summed, which makes the filter periodic. */
const PERIODS = [-2, -1, 0, 1, 2];

/** A Gaussian envelope times a plane wave, summed over 5 × 5 periods, its corner being the origin. */
function gabor({ height, width }: Extent, { sigma, theta, xi, slant }: Gabor): ComplexImage {
  const real = new Float64Array(height * width);
  const imaginary = new Float64Array(height * width);
  const [cos, sin] = [Math.cos(theta), Math.sin(theta)];
  const half = 1 / (2 * sigma * sigma);
  const rows = (cos * cos + slant * slant * sin * sin) * half;
  const columns = (sin * sin + slant * slant * cos * cos) * half;
  const both = 2 * cos * sin * (1 - slant * slant) * half;
  const norm = (2 * PI_IN_NORM * sigma * sigma) / slant;
  for (const down of PERIODS) {
    for (const right of PERIODS) {
      for (let i = 0, at = 0; i < height; i++) {
        const x = i + down * height;
        for (let j = 0; j < width; j++, at++) {
          const y = j + right * width;
          const exponent = rows * x * x + both * x * y + columns * y * y;
          if (exponent > 80) continue; // below 1e-34
          const envelope = Math.exp(-exponent) / norm;
          const phase = xi * (x * cos + y * sin);
          real[at]! += envelope * Math.cos(phase);
          imaginary[at]! += envelope * Math.sin(phase);
        }
      }
    }
  }
  return { real, imaginary };
}

/**
 * The Morlet wavelet of scale `j` and angle number `angle` of `angles`: a Gabor function less the multiple of its envelope
 * that makes its sum zero. σ = 0.8 · 2^j, ξ = (3π/4) / 2^j, slant 4/L.
 */
export function morlet(extent: Extent, j: number, angle: number, angles: number): ComplexImage {
  const theta = ((Math.trunc(angles - angles / 2 - 1) - angle) * Math.PI) / angles;
  const shape = { sigma: 0.8 * 2 ** j, theta, slant: 4 / angles };
  const wave = gabor(extent, { ...shape, xi: (0.75 * Math.PI) / 2 ** j });
  const envelope = gabor(extent, { ...shape, xi: 0 }).real;
  const total = sum(envelope);
  const [real, imaginary] = [sum(wave.real) / total, sum(wave.imaginary) / total];
  return {
    real: wave.real.map((value, i) => value - real * envelope[i]!),
    imaginary: wave.imaginary.map((value, i) => value - imaginary * envelope[i]!),
  };
}

/** The low-pass filter of `scales` scales: a Gaussian of σ = 0.8 · 2^(J−1). */
export function lowPass(extent: Extent, scales: number): ComplexImage {
  return gabor(extent, { sigma: 0.8 * 2 ** (scales - 1), theta: 0, xi: 0, slant: 1 });
}

/**
 * A filter's Fourier transform (real) for signals that were subsampled by 2^`halvings`: its high frequencies cut away, what
 * is left folded to the smaller size. `[height, width]` to `[height, width] / 2^halvings`.
 */
export function foldFourier(values: Float32Array, { height, width }: Extent, halvings: number): Float32Array {
  const factor = 2 ** halvings;
  const [rows, columns] = [height / factor, width / factor];
  const folded = new Float32Array(rows * columns);
  const isKept = (at: number, size: number): boolean => at < size / factor / 2 || at >= size - size / factor / 2;
  for (let i = 0; i < height; i++) {
    if (factor > 1 && !isKept(i, height)) continue;
    for (let j = 0; j < width; j++) {
      if (factor > 1 && !isKept(j, width)) continue;
      folded[(i % rows) * columns + (j % columns)]! += values[i * width + j]!;
    }
  }
  return folded;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
