import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { canonicalJson, sha256 } from '@selfsup/kit/files';
import { accuracy, meanAveragePrecision } from '@selfsup/kit/metric';
import { stopIfAsked, type StageContext, type StageResult } from '@selfsup/kit/stage';
import { eachLayer, type LayerResult } from '../../features/each-layer.ts';
import { featureBlob, type FeatureSet } from '../../features/feature-set.ts';
import { ResultCache } from '../../features/result-cache.ts';
import { titleOf } from '../../heads/head-results.ts';
import { drawMetrics } from '../../measures/class-draws.ts';
import { writeJsonFiles } from '../../measures/json-files.ts';
import { classesShown, positivesByClass, presenceOfRows } from '../../measures/presence.ts';
import { requireNeed } from '../../measures/require-need.ts';
import { eventRecords } from '../../tuning/training-job.ts';
import type { LowShotConfig } from './config.ts';
import { lowShotProbe } from './linear.ts';
import type { Measured } from './measured.ts';
import { lowShotDraws } from './sampling.ts';
import { lowShotSvm } from './svm.ts';

const quantities = { top1: accuracy, map: meanAveragePrecision };

/** Runs `eval/low-shot`. Throws `UserError` for unknown layers, empty classes, and as `lowShotDraws` does. */
export async function measureLowShot(context: StageContext<LowShotConfig>): Promise<StageResult> {
  const { config, seed, workFolder, extent, progress, signal } = context;
  const input = requireNeed(context, 'features');
  const drawn: { name: string; k: number; draw: number; measures: Measured[number]['measures'] }[] = [];
  // Empty classes are refused where shots are drawn.
  const measure = async (features: FeatureSet, layer: string): Promise<LayerResult> => {
    const { classes, train, test, description } = features;
    const presence = presenceOfRows(train, classes.length);
    const counts = positivesByClass(presence, classes.length);
    const shots = config.shots.map((k) => extent.fit(k, Math.min(...counts)));
    if (shots.includes(0)) {
      progress.note(`${layer}: the few images of the dry run leave classes without one; the draws are not tried`);
      return { metrics: [] };
    }
    const negatives = config.classifier === 'svm' ? config.negatives : 'others';
    const all = lowShotDraws(presence, classes, { ...config, shots, negatives }, seed);
    const blobs = [featureBlob('train', layer), featureBlob('test', layer), 'train-labels', 'test-labels'];
    const facts = { inputs: blobs.map((blob) => basename(input.blob(blob))), features: description };
    const identity = sha256(canonicalJson({ config, seed, layer, ...facts }));
    const folder = join(workFolder, layer);
    await mkdir(folder, { recursive: true });
    const kept = await ResultCache.open<Measured>(folder, identity);
    const phase = progress.phase(`low-shot on ${layer}`, all.length, 'draws');
    const byName = new Map<string, Measured[number][]>();
    let confusion: LayerResult['confusion'];
    for (const one of all.slice(0, extent.repeats)) {
      await stopIfAsked(signal, 'Stopped between draws.');
      const result = await kept.get(`k${one.k}-draw${one.draw}`, () =>
        config.classifier === 'svm'
          ? lowShotSvm(features, one, config, signal)
          : lowShotProbe(features, one, { ...context, config }, layer, identity),
      );
      for (const own of result) {
        const title = { ...own.title, layer };
        const name = titleOf(title);
        byName.set(name, [...(byName.get(name) ?? []), own]);
        drawn.push({ name, k: one.k, draw: one.draw, measures: own.measures });
        // The last protocol stands for all.
        if (one.draw === 0 && own.confusion !== undefined) confusion = { title, matrix: own.confusion };
      }
      phase.advance(1);
    }
    phase.done();
    const metrics = [...byName.values()].flatMap((measured) => {
      const [{ title, measures }] = measured as [Measured[number]];
      return (Object.keys(measures) as (keyof typeof measures)[]).flatMap((measure) => {
        const about = { ...title, layer, measure, ...quantities[measure] };
        return drawMetrics(
          about,
          measured.map((own) => own.measures[measure]!),
        );
      });
    });
    const tested = classesShown(presenceOfRows(test, classes.length), classes.length);
    return { metrics, ...(confusion && { confusion }), labels: { test: tested } };
  };
  const results = await eachLayer(context, 'allowed', measure, config.classifier === 'svm' ? 'several' : 'one');
  const files = await writeJsonFiles(workFolder, { 'draws.json': drawn });
  return { files, records: eventRecords(workFolder), ...results };
}
