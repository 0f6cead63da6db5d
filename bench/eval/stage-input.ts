import { join } from 'node:path';
import { wholeWork, type StageContext, type StageInput, type StageModule } from '@selfsup/kit/stage';

/** What the stages are timed on, and how. */
export interface BenchSettings {
  /** Holds features as `eval/features` publishes them, and takes what the stage writes. */
  readonly folder: string;
  readonly layer: string;
  readonly shape: readonly [number, number, number];
  readonly classes: number;
  /** Numbers of images. */
  readonly train: number;
  readonly test: number;
}

const phase = { advance: () => undefined, done: () => undefined };

/** What the runner hands to a stage that needs features, without its terminal. */
export function contextOf<Config>(
  module: StageModule<Config>,
  config: object,
  { folder }: BenchSettings,
): StageContext<Config> {
  const features: StageInput = { ref: 'features', folder, metrics: [], blob: (name) => join(folder, `${name}.npy`) };
  return {
    config: module.schema.parse(config),
    seed: 1,
    needs: { features },
    workFolder: join(folder, 'work'),
    progress: { phase: () => phase, note: () => undefined, warn: () => undefined },
    signal: new AbortController().signal,
    extent: wholeWork,
  };
}

/** Runs this once and prints its seconds with what it gave, as the last line. */
export async function time(run: () => Promise<object>): Promise<void> {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  const result = await run();
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  console.log(JSON.stringify({ ...result, seconds, cpuSeconds: (user + system) / 1e6 }));
}
