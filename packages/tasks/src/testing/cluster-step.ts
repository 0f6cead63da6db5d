export { clusterHead, refresh } from '../pretext/deepcluster/cluster-head.ts';
export { clusterStep } from '../pretext/deepcluster/training-step.ts';
