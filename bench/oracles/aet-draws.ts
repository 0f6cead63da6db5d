// Prints the transformations that AET's training steps 0 and 1 draw for four images of 32 pixels under the key of the
// test, for aet_reference.py: random numbers are ours, what is made of them is computed independently there.
import { deriveKey } from '@selfsup/engine/random';
import { drawAffine } from '@selfsup/tasks/aet/affine';
import { drawProjective } from '@selfsup/tasks/aet/projective';

const images = [0, 1, 2, 3];
const affine = { rotation: 180, translation: 0.2, scale: [0.7, 1.3], shear: 30 } as const;
const projective = { scale: [0.8, 1.2], jitter: 0.125, quarterTurns: true } as const;
const keys = [0, 1].map((step) => deriveKey([0, step], 'transformation'));
const draws = {
  affine: keys.map((key) => images.map((image) => drawAffine(key, image, affine, 32))),
  projective: keys.map((key) => images.map((image) => drawProjective(key, image, projective, 32))),
};
console.log(JSON.stringify(draws));
