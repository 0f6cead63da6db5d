import { expect, test } from 'vitest';

test('the schemas of the stages load no TensorFlow', async () => {
  await Promise.all([
    import('./features/features.ts'),
    import('./linear-probe/linear-probe.ts'),
    import('./classifier/classifier.ts'),
    import('./augmented-probe/augmented-probe.ts'),
    import('./knn/knn.ts'),
    import('./svm/svm.ts'),
    import('./low-shot/low-shot.ts'),
    import('./fine-tuning/fine-tuning.ts'),
    import('./semi-supervised/semi-supervised.ts'),
    import('./clustering-scores/clustering-scores.ts'),
    import('./retrieval/retrieval.ts'),
    import('./layer-probes/layer-probes.ts'),
    import('./cached-layer-probes/cached-layer-probes.ts'),
  ]);
  expect('_tfengine' in globalThis).toBe(false); // where tfjs keeps its engine
  await import('./heads.ts');
  expect('_tfengine' in globalThis).toBe(true);
});
