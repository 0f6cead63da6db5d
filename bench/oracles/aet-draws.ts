// Prints what AET and its generator draw in training steps 0 and 1 for four images under the keys of the tests, for
// aet_reference.py: random numbers are ours, what is made of them is computed independently there.
import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import { drawAffine, drawCodes, drawProjective } from '@selfsup/tasks/testing/draws';

const images = [0, 1, 2, 3];
const affine = { rotation: 180, translation: 0.2, scale: [0.7, 1.3], shear: 30 } as const;
const projective = { scale: [0.8, 1.2], jitter: 0.125, quarterTurns: true } as const;
const steps: RandomKey[] = [
  [0, 0],
  [0, 1],
];
const keys = steps.map((key) => deriveKey(key, 'transformation'));
const codes = (purpose: string) => steps.map((key) => drawCodes(deriveKey(key, purpose), 4, 2).arraySync());
const draws = {
  affine: keys.map((key) => images.map((image) => drawAffine(key, image, affine, 32))),
  projective: keys.map((key) => images.map((image) => drawProjective(key, image, projective, 32))),
  codes: codes('codes'),
  others: codes('others'),
};
console.log(JSON.stringify(draws));
