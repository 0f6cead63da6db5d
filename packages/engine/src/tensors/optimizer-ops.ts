export { variableGradients, variableGradientsOfEach } from './gradients.ts';
export { AdamScalars, applyAdam } from './adam-op.ts';
export { SharedScalars, applyMomentum, decayed, subtractScaled } from './sgd-op.ts';
export { ResourceVariable } from './resource-variable.ts';
