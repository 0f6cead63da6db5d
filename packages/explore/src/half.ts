/**
 * float32 as IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction; to the nearest, ties to even. What is over
 * 65,504 becomes infinite, what is under 2⁻²⁵ zero.
 */
export function toHalf(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, halfOf);
}

/** binary16 as float32, exactly. */
export function fromHalf(halves: Uint16Array): Float32Array {
  // There are few of them, and weights by the million.
  values ??= Float32Array.from({ length: 2 ** 16 }, (_, half) => valueOf(half));
  const result = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) result[i] = values[halves[i]!]!;
  return result;
}

let values: Float32Array | undefined;

function valueOf(half: number): number {
  const sign = (half & 0x8000) === 0 ? 1 : -1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // The exponent moved from a bias of 127 to one of 15; below 2⁻¹⁴ steps are of 2⁻²⁴, whatever the exponent.
  const dropped = magnitude >= 0x38800000 ? 13 : Math.min(25, 126 - (magnitude >>> 23));
  const whole = magnitude >= 0x38800000 ? magnitude - 0x38000000 : (magnitude & 0x7fffff) | 0x800000;
  const kept = whole >>> dropped;
  const rest = whole & ((1 << dropped) - 1);
  const half = 1 << (dropped - 1);
  const rounded = rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
  return sign | Math.min(rounded, 0x7c00);
}
