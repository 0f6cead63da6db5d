export { processMemory, resetPeak } from '../runtime/memory.ts';
export { formatProfile, matrixMultiplyPeak, profile } from '../runtime/profile.ts';
