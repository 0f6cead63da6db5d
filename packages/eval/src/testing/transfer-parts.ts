/** What benchmarks take steps of: the parts of the transfers to VOC. */
export { Detector } from '../detection/detector.ts';
export { regionHead } from '../detection/region-head.ts';
export { fullyConvolutional } from '../segmentation/fcn.ts';
export { singleFrames } from '../segmentation/frames.ts';
export { segmentationStep, segmenterGroups } from '../segmentation/segmenter.ts';
export { fullyConnectedHead } from '../tuning/multi-label-head.ts';
export { multiLabelGroups, multiLabelStep } from '../tuning/multi-label.ts';
export { loadTrunk } from '../tuning/trunk.ts';
