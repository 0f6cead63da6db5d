export { exportToSafetensors, weightsFile } from './safetensors.ts';
export { exportToTfjs } from './tfjs.ts';
