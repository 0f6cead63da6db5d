import { join } from 'node:path';
import { tf } from '@selfsup/engine/tensorflow';
import { writeAtomically } from '@selfsup/kit/files';
import { loss, metricName, type Metric } from '@selfsup/kit/metric';
import type { Figure, Remark } from '@selfsup/kit/stage';
import { curve } from '@selfsup/report/figures/curve';
import { filters } from '@selfsup/report/figures/filters';
import { pictures } from '@selfsup/report/figures/pictures';
import type { CurvePoint, Curves } from '@selfsup/trainer/curve';
import type { Training } from '@selfsup/trainer/training';
import type { Task, TaskFinish, TaskInstance } from '../task.ts';
import type { TrainingConfig } from './training-config.ts';

/** What a training leaves beside its weights. */
interface Course {
  readonly state: Pick<Training<never>['state'], 'best'>;
  readonly curves: Curves;
}

/** Writes a task's own small files; gives their paths by name. */
export async function writeFiles(folder: string, contents: TaskFinish['files'] = {}): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const [name, content] of Object.entries(contents)) {
    files[name] = join(folder, name);
    await writeAtomically(files[name], content);
  }
  return files;
}

/** The course of a training, the kernels that it ended with, and the task's pictures. */
export async function trainingFigures(
  { quantities }: Pick<Task, 'quantities'>,
  instance: TaskInstance,
  { train, test }: Curves,
): Promise<Figure[]> {
  const percent = Object.keys(quantities).filter((name) => quantities[name]!.unit === '%');
  const kernels = firstLayerFilters(instance.models['encoder']!);
  const shown = (await instance.preview?.()) ?? [];
  return [
    curve({ train: [...train], test: [...test], percent }),
    ...(kernels === undefined ? [] : [kernels]),
    ...(shown.length === 0 ? [] : [pictures({ pictures: shown, beside: false })]),
  ];
}

/** What batches that are cut into parts mean for batch norm. */
export function replicaRemarks({ batchSize, replicas }: Pick<TrainingConfig, 'batchSize' | 'replicas'>): Remark[] {
  if (replicas === 1) return [];
  const message = `Batch norm takes its statistics over ${batchSize / replicas} images at a time: each batch of ${batchSize} is cut into ${replicas} parts.`;
  return [{ kind: 'replicas', message }];
}

/** Means over the last epoch and the last evaluation, the best of each measure, and what the task measured at the end. */
export function finalMetrics(
  { metricGroup: head, quantities }: Pick<Task, 'metricGroup' | 'quantities'>,
  measures: TaskInstance['measures'],
  { state, curves }: Course,
  finish: TaskFinish = {},
): Metric[] {
  const found = new Map<string, Metric>();
  const add = (values: Readonly<Record<string, number>>, about: Pick<Metric, 'protocol' | 'epoch'> = {}): void => {
    for (const [measure, value] of Object.entries(values)) {
      const usual = measures[measure] === 'max' ? ({ unit: 'none', better: 'more' } as const) : loss;
      const metric = { head, ...about, measure, ...(quantities[measure] ?? usual), value };
      found.set(metricName(metric), metric);
    }
  };
  add(measuredAt(curves.train.at(-1)));
  add(measuredAt(curves.test.at(-1)));
  add(state.best, { epoch: 'best' });
  add(finish.metrics ?? {}, finish.protocol === undefined ? {} : { protocol: finish.protocol });
  return [...found.values()];
}

/** What was measured at a point of a curve, without where that is. */
function measuredAt(point: CurvePoint | undefined): Record<string, number> {
  const place = ['epoch', 'step', 'learningRate'];
  return Object.fromEntries(Object.entries(point ?? {}).filter(([name]) => !place.includes(name)));
}

/**
 * Kernels of the first convolution `[kernels, height, width, channels]`, each stretched to 0..255 over its own
 * range, as base64 bytes; undefined when they cannot be shown as grey or RGB.
 */
function firstLayerFilters(encoder: tf.LayersModel): Figure | undefined {
  // The first that learns: a Sobel filter before it is fixed.
  const layer = encoder.layers.find((one) => one.getClassName() === 'Conv2D' && one.trainableWeights.length > 0);
  const kernel = layer?.weights[0]?.read() as tf.Tensor4D | undefined;
  if (layer === undefined || kernel === undefined || ![1, 3].includes(kernel.shape[2])) return undefined;
  const pixels = tf.tidy(() => {
    const kernels = kernel.transpose([3, 0, 1, 2]);
    const low = kernels.min([1, 2, 3], true);
    const range = kernels.max([1, 2, 3], true).sub(low).maximum(1e-12);
    return kernels.sub(low).div(range).mul(255).round().toInt();
  });
  const [count, height, width, channels] = pixels.shape as [number, number, number, 1 | 3];
  const bytes = Buffer.from(Uint8Array.from(pixels.dataSync()));
  pixels.dispose();
  return filters({ layer: layer.name, shape: [count, height, width, channels], pixels: bytes.toString('base64') });
}
