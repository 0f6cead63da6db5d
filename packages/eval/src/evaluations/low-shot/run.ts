import type { Remark } from '@selfsup/kit/remark';
import type { Figure } from '@selfsup/kit/figure';
import { accuracy, meanAveragePrecision, type Metric } from '@selfsup/kit/metric';
import { confusion } from '@selfsup/report/figures/confusion';
import { titleOf } from '../../heads/head-results.ts';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { canonicalJson, sha256 } from '@selfsup/kit/files';
import { Interrupted, type StageContext, type StageResult } from '@selfsup/kit/stage';
import { drawMetrics } from '../../measures/class-draws.ts';
import { emptyClassRemarks } from '../../measures/empty-classes.ts';
import { featureBlob, openFeatures } from '../../features/feature-set.ts';
import { writeJsonFiles } from '../../measures/json-files.ts';
import { KeptResults } from '../../features/kept-results.ts';
import { requireNeed } from '../../measures/require-need.ts';
import { eventRecords } from '../../tuning/training-job.ts';
import { lowShotProbe } from './linear.ts';
import type { LowShotConfig } from './config.ts';
import type { Measured } from './measured.ts';
import { lowShotDraws } from './sampling.ts';
import { lowShotSvm } from './svm.ts';

const quantities = { top1: accuracy, map: meanAveragePrecision };

/** Runs `eval/low-shot`. Throws `UserError` for unknown layers, empty classes, and as `lowShotDraws` does. */
export async function measureLowShot(context: StageContext<LowShotConfig>): Promise<StageResult> {
  const { config, seed, workFolder, dryRun, progress, signal } = context;
  await mkdir(workFolder, { recursive: true });
  const input = requireNeed(context, 'features');
  const metrics: Metric[] = [];
  const figures: Figure[] = [];
  let remarks: Remark[] = [];
  const drawn: { name: string; k: number; draw: number; measures: Measured[number]['measures'] }[] = [];
  for (const layer of config.layers) {
    const features = await openFeatures(input, layer, 'layers');
    try {
      const { classes, train, test } = features;
      const shots = dryRun ? dryShots(config.shots, train.labels, classes.length) : config.shots;
      if (shots.length === 0) {
        progress.note(`${layer}: the few images of the dry run leave classes without one; the draws are not tried`);
        continue;
      }
      remarks = emptyClassRemarks(classes, { test: test.labels });
      const negatives = config.classifier === 'svm' ? config.negatives : 'others';
      const all = lowShotDraws(train.labels, classes, { ...config, shots, negatives }, seed);
      const blobs = [featureBlob('train', layer), featureBlob('test', layer), 'train-labels', 'test-labels'];
      const facts = { inputs: blobs.map((blob) => basename(input.blob(blob))), features: features.description };
      const identity = sha256(canonicalJson({ config, seed, layer, dryRun, ...facts }));
      const folder = join(workFolder, layer);
      await mkdir(folder, { recursive: true });
      const kept = await KeptResults.open<Measured>(folder, identity);
      const phase = progress.phase(`low-shot on ${layer}`, all.length, 'draws');
      const byName = new Map<string, Measured[number][]>();
      for (const one of dryRun ? all.slice(0, 1) : all) {
        if (signal.aborted) throw new Interrupted('Stopped between draws.');
        const result = await kept.get(`k${one.k}-draw${one.draw}`, () =>
          config.classifier === 'svm'
            ? lowShotSvm(features, one, config, signal)
            : lowShotProbe(features, one, { ...context, config }, layer, identity),
        );
        for (const own of result) {
          const name = titleOf({ ...own.title, layer });
          byName.set(name, [...(byName.get(name) ?? []), own]);
          drawn.push({ name, k: one.k, draw: one.draw, measures: own.measures });
          // The last protocol of the first layer stands for all.
          if (layer === config.layers[0] && one.draw === 0)
            figures[0] = confusion({ title: name, classes: [...classes], matrix: own.confusion });
        }
        phase.advance(1);
      }
      phase.done();
      for (const measured of byName.values()) {
        const [{ title, measures }] = measured as [Measured[number]];
        for (const measure of Object.keys(measures) as (keyof typeof measures)[]) {
          const about = { ...title, layer, measure, ...quantities[measure] };
          const values = measured.map((own) => own.measures[measure]!);
          metrics.push(...drawMetrics(about, values));
        }
      }
    } finally {
      features.close();
    }
  }
  const files = await writeJsonFiles(workFolder, { 'draws.json': drawn });
  return { files, records: eventRecords(workFolder), metrics, figures, remarks };
}

/** The smallest of `shots`, or what the smallest class has where that is less; none where a class is empty. */
function dryShots(shots: readonly number[], labels: Int32Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]! += 1;
  const k = Math.min(...shots, ...counts);
  return k === 0 ? [] : [k];
}
