/** What the process of a rank adds in the tests: numbers whose sum depends on the order of adding. */
export function partOf(rank: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(1 + i * 7 + rank * 131) * 10 ** ((i + rank) % 5));
}
