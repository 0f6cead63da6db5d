export { AFFINE_COMPONENTS, affineCoefficients, affineParameters } from './affine.ts';
export { coefficientsOf, PROJECTIVE_COMPONENTS, projectiveCoefficients, usualStandardisation } from './projective.ts';
