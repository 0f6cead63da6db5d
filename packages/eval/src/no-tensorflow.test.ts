import { expect, test } from 'vitest';

test('the schemas of the stages load no TensorFlow', async () => {
  await Promise.all([
    import('./evaluations/features/features.ts'),
    import('./evaluations/linear-probe/linear-probe.ts'),
    import('./evaluations/classifier/classifier.ts'),
    import('./evaluations/augmented-probe/augmented-probe.ts'),
    import('./evaluations/knn/knn.ts'),
    import('./evaluations/svm/svm.ts'),
    import('./evaluations/low-shot/low-shot.ts'),
    import('./evaluations/fine-tuning/fine-tuning.ts'),
    import('./evaluations/semi-supervised/semi-supervised.ts'),
    import('./evaluations/clustering-scores/clustering-scores.ts'),
    import('./evaluations/retrieval/retrieval.ts'),
    import('./evaluations/voc-classification/voc-classification.ts'),
    import('./evaluations/voc-segmentation/voc-segmentation.ts'),
    import('./evaluations/voc-detection/voc-detection.ts'),
    import('./evaluations/voc-faster-rcnn/voc-faster-rcnn.ts'),
    import('./evaluations/box-retrieval/box-retrieval.ts'),
    import('./evaluations/layer-probes/layer-probes.ts'),
    import('./evaluations/cached-layer-probes/cached-layer-probes.ts'),
  ]);
  expect('_tfengine' in globalThis).toBe(false); // where tfjs keeps its engine
  await import('./heads/heads.ts');
  expect('_tfengine' in globalThis).toBe(true);
});
