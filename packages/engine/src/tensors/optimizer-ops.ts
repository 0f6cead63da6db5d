export { variableGradients, variableGradientsOfEach } from './gradients.ts';
export { AdamScalars, applyAdam } from './adam-op.ts';
export { SharedScalars, applyMomentum, decayed, subtractScaled, sumOfSquares } from './sgd-op.ts';
export { ResourceVariable } from './resource-variable.ts';
