import type { Boxes } from './boxes.ts';

/** Sides of windows by the image's shorter one, and their ratios of height to width. */
const SIDES = [0.2, 0.3, 0.45, 0.65, 0.95];
const RATIOS = [0.5, 1, 2];
/** Steps between windows by their sides. */
const STEP = 0.25;

/** Windows of several sizes and shapes all over an image: proposals for whoever has no better ones. */
export function windowsOver(height: number, width: number): Boxes {
  const found: number[] = [];
  for (const side of SIDES)
    for (const ratio of RATIOS) {
      const own = side * Math.min(height, width);
      const [high, wide] = [Math.min(height, own * Math.sqrt(ratio)), Math.min(width, own / Math.sqrt(ratio))];
      const places = (room: number, length: number): number[] => {
        const steps = Math.ceil((room - length) / (STEP * length));
        return Array.from({ length: steps + 1 }, (_, i) => (steps === 0 ? 0 : ((room - length) * i) / steps));
      };
      for (const top of places(height, high))
        for (const left of places(width, wide)) found.push(left, top, left + wide, top + high);
    }
  return Float32Array.from(found);
}
