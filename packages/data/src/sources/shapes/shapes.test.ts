import { describe, expect, it } from 'vitest';
import { insideFigure, outlines } from './outlines.ts';
import { renderShape, shapeLabel } from './render.ts';

const side = 64;

/** The figure alone, as a [side, side] mask. */
function mask(name: string): boolean[] {
  return Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [(i % side) + 0.5, Math.floor(i / side) + 0.5];
    return insideFigure(outlines[name]!, (2 * x) / side - 1, (2 * y) / side - 1);
  });
}

/** A mask turned counter-clockwise by a quarter, `quarters` times. */
function turned(image: readonly boolean[], quarters: number): boolean[] {
  let result = [...image];
  for (let turn = 0; turn < quarters; turn++) {
    const before = result;
    result = before.map((_, i) => before[(i % side) * side + (side - 1 - Math.floor(i / side))]!);
  }
  return result;
}

/** Intersection over union, at the best of all shifts by up to an eighth of the side. */
function likeness(a: readonly boolean[], b: readonly boolean[]): number {
  let best = 0;
  for (let dy = -8; dy <= 8; dy += 2) {
    for (let dx = -8; dx <= 8; dx += 2) {
      let both = 0;
      let either = 0;
      for (let y = 0; y < side; y++) {
        for (let x = 0; x < side; x++) {
          const [sy, sx] = [y + dy, x + dx];
          const inA = a[y * side + x]!;
          const inB = sy >= 0 && sx >= 0 && sy < side && sx < side && b[sy * side + sx]!;
          if (inA && inB) both++;
          if (inA || inB) either++;
        }
      }
      best = Math.max(best, both / either);
    }
  }
  return best;
}

describe('shapes', () => {
  it('has ten classes, none of which looks like itself or another one when turned', () => {
    const names = Object.keys(outlines);
    expect(names).toHaveLength(10);
    for (const name of names) {
      const upright = mask(name);
      expect(likeness(upright, upright)).toBe(1);
      for (const quarters of [1, 2, 3]) {
        const other = turned(upright, quarters);
        for (const against of names) expect(likeness(mask(against), other)).toBeLessThan(0.8);
      }
    }
  });

  it('draws each image from its own number, split and seed', () => {
    const settings = { size: 16, channels: 3 as const, seed: 1 };
    const image = renderShape(settings, 'train', 12);
    expect(image).toHaveLength(16 * 16 * 3);
    expect(renderShape(settings, 'train', 12)).toEqual(image);
    expect(renderShape(settings, 'test', 12)).not.toEqual(image);
    expect(renderShape(settings, 'train', 22)).not.toEqual(image);
    expect(renderShape({ ...settings, seed: 2 }, 'train', 12)).not.toEqual(image);
    expect([0, 9, 10, 25].map(shapeLabel)).toEqual([0, 9, 0, 5]);
  });

  it('shows every figure: with contrast, smooth edges, and a ground that takes up part of the image', () => {
    for (let index = 0; index < 40; index++) {
      const image = renderShape({ size: 24, channels: 1, seed: 1 }, 'train', index);
      const sorted = [...image].sort((a, b) => a - b);
      expect(sorted[Math.floor(sorted.length * 0.98)]! - sorted[Math.floor(sorted.length * 0.02)]!).toBeGreaterThan(30);
    }
  });
});
