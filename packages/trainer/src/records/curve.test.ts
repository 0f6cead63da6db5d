import { expect, test } from 'vitest';
import { Curve, type CurvePoint } from './curve.ts';

const point = (epoch: number, measured: Record<string, number> = { loss: 1 / epoch }): CurvePoint => ({
  ...{ epoch, step: 10 * epoch },
  ...measured,
});

test('what is no number is none when it comes back', () => {
  const curve = new Curve();
  curve.add(point(1, { loss: NaN, largest: Infinity, kept: 0 }));
  expect(curve.points()).toEqual([{ epoch: 1, step: 10, loss: NaN, largest: NaN, kept: 0 }]);
});

test('points come back to the bit, with what was measured in its order', () => {
  const points = [
    point(1, { zeta: 0.1 + 0.2, alpha: 5e-324, loss: -Number.MAX_VALUE }),
    point(2, { loss: 1 / 3, alpha: 0 }),
  ];
  const curve = new Curve();
  expect(curve.points()).toEqual([]);
  expect(curve.lines).toHaveLength(0);
  for (const one of points) curve.add(one);
  expect(JSON.stringify(curve.points())).toBe(JSON.stringify(points));
});

test('its lines are those of JSON, and stay as they are when points are added', () => {
  const curve = new Curve();
  curve.add(point(1));
  const { lines } = curve;
  for (let epoch = 2; epoch <= 100; epoch++) curve.add(point(epoch));
  expect(Buffer.from(lines).toString()).toBe('{"epoch":1,"step":10,"loss":1}\n');
  expect(curve.points().map(({ epoch }) => epoch)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
});

test('one goes on from the lines of another, and leaves those alone', () => {
  const first = new Curve();
  for (const epoch of [1, 2, 3]) first.add(point(epoch));
  const before = Buffer.from(first.lines);
  const second = new Curve(first.lines);
  first.add(point(4, { loss: 0.5 }));
  second.add(point(4, { loss: 0.25 }));
  expect(before.equals(first.lines.subarray(0, before.length))).toBe(true);
  expect(first.points().at(-1)).toEqual({ epoch: 4, step: 40, loss: 0.5 });
  expect(second.points()).toEqual([...[1, 2, 3].map((epoch) => point(epoch)), { epoch: 4, step: 40, loss: 0.25 }]);
});

test('a long one takes at most twice the memory of its lines, which are looked at and not copied', () => {
  const curve = new Curve();
  for (let epoch = 1; epoch <= 20_000; epoch++) curve.add(point(epoch));
  const { buffer, length } = curve.lines;
  expect(buffer.byteLength).toBeLessThan(2.01 * length);
  expect(length).toBeLessThan(20_000 * 80);
  expect(curve.lines.buffer).toBe(buffer);
  expect(curve.points()).toHaveLength(20_000);
});
