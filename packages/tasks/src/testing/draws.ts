export { drawAffine } from '../pretext/aet/affine.ts';
export { drawProjective } from '../pretext/aet/projective.ts';
export { drawCodes } from '../pretext/transform-generator/codes.ts';
