import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { affineMatrices } from './affine-transformation.ts';
import { affineCoefficients, affineTarget, drawAffine } from './affine.ts';
import { projectiveMatrices } from './projective-transformation.ts';
import { drawProjective, projectiveCoefficients, standardise, usualStandardisation } from './projective.ts';

const images = [0, 1, 2, 3, 4];

test('M of an affine target inverts the coefficients that transform the image', () => {
  const ranges = { rotation: 180, translation: 0.2, scale: [0.7, 1.3], shear: 30 } as const;
  const drawn = images.map((image) => drawAffine([5, 6], image, ranges, 32));
  const targets = tf.tensor2d(drawn.map((one) => affineTarget(one, ranges, 32)));
  const matrices = affineMatrices(targets, ranges).arraySync();
  drawn.forEach((parameters, i) => {
    const [a, b, c, d, e, f] = matrices[i] as [number, number, number, number, number, number];
    const [p, q, r, s, t, u] = affineCoefficients(parameters, 32) as (typeof matrices)[0] as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    // A pixel of the original, to the transformed image by M, and back by the coefficients.
    const [x, y] = [4.5, 21.5];
    const [m, n] = [(x - 16.5) / 16, (y - 16.5) / 16];
    const [X, Y] = [(a * m + b * n + c) * 16 + 16.5, (d * m + e * n + f) * 16 + 16.5];
    expect(p * X + q * Y + r).toBeCloseTo(x, 4);
    expect(s * X + t * Y + u).toBeCloseTo(y, 4);
  });
});

test('M of a projective target maps as the coefficients do', () => {
  const ranges = { scale: [0.8, 1.2], jitter: 0.125, quarterTurns: true } as const;
  const usual = usualStandardisation(32);
  const all = images.map((image) => projectiveCoefficients(drawProjective([5, 6], image, ranges, 32), 32));
  const targets = tf.tensor2d(all.map((one) => standardise(one, usual)));
  const matrices = projectiveMatrices(usual, 32)(targets).arraySync();
  all.forEach((coefficients, i) => {
    const [a, b, c, d, e, f, g, h] = coefficients as [number, number, number, number, number, number, number, number];
    const [X, Y] = [7.5, 25.5];
    const w = g * X + h * Y + 1;
    const [m, n] = [(X - 16) / 16, (Y - 16) / 16];
    const row = (start: number) => {
      const [p, q, r] = matrices[i]!.slice(start, start + 3) as [number, number, number];
      return p * m + q * n + r;
    };
    expect((row(0) / row(6)) * 16 + 16).toBeCloseTo((a * X + b * Y + c) / w, 3);
    expect((row(3) / row(6)) * 16 + 16).toBeCloseTo((d * X + e * Y + f) / w, 3);
  });
});
