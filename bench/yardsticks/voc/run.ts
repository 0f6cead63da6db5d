// Mean precision and mean IU of the small experiments on VOC and CamVid, each beside the same recipe in PyTorch from the same weights:
// SELFSUP_DATA=… node --import tsx bench/yardsticks/voc/run.ts [--seeds 1,2] [--experiments …] [--variants …] [--table]
// What is done stays in SELFSUP_ARTIFACTS: stopped, the same command goes on; --table prints what there is.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { canonicalJson, sha256, writeAtomically } from '@selfsup/kit/files';
import { oraclePython } from '../../oracle.ts';

/** The stages that are held against PyTorch, the measure of each, its unit in points, and by how many they may differ. */
const compared: Readonly<Record<string, readonly Compared[]>> = {
  'voc-classification-small': [
    { stage: 'voc', measure: 'map', points: 100, within: 2, title: 'classification, mAP' },
    { stage: 'head', measure: 'map', points: 100, within: 2, title: 'classification, fc8 alone, mAP' },
  ],
  'voc-detection-small': [
    { stage: 'detection', measure: 'map-11', points: 100, within: 3, title: 'detection, mAP by 11 points' },
  ],
  'voc-segmentation-small': [
    { stage: 'segmentation', measure: 'mean-iu', points: 1, within: 2, title: 'segmentation of VOC, mean IU' },
  ],
  'camvid-segmentation-small': [
    { stage: 'segmentation', measure: 'mean-iu', points: 1, within: 2, title: 'segmentation of CamVid, mean IU' },
  ],
};

interface Compared {
  readonly stage: string;
  readonly measure: string;
  readonly points: number;
  readonly within: number;
  readonly title: string;
}

interface Manifest {
  readonly resolvedConfig: Readonly<Record<string, unknown>>;
  readonly keyParts: { readonly uses: string; readonly needs: Readonly<Record<string, string>> };
  readonly blobs: Readonly<Record<string, { readonly sha256: string }>>;
}

/** What PyTorch gave; `value` in the unit of our metric. */
interface Twin {
  readonly job: string;
  readonly value: number;
  readonly classes: readonly (number | null)[];
  readonly seconds: number;
}

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2' },
    experiments: { type: 'string', default: Object.keys(compared).join(',') },
    variants: { type: 'string', default: 'labels,rotnet,random' },
    threads: { type: 'string', default: '2' },
    table: { type: 'boolean', default: false },
  },
});
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const root = here('../../..');
const artifacts = resolve(process.env.SELFSUP_ARTIFACTS ?? join(root, 'artifacts'));
const read = <Value>(...path: readonly string[]): Value => JSON.parse(readFileSync(join(...path), 'utf8')) as Value;
const [seeds, experiments, variants] = [options.seeds, options.experiments, options.variants].map((list) =>
  list.split(','),
) as [string[], string[], string[]];
const runs = seeds.flatMap((seed) =>
  experiments.flatMap((experiment) => variants.map((variant) => ({ seed, experiment, variant }))),
);
type Run = (typeof runs)[number];
const folderOf = ({ experiment, variant, seed }: Run, stage: string) =>
  join(artifacts, experiment, variant, `seed-${seed}`, stage);
const twinFile = ({ experiment, variant, seed }: Run, stage: string) =>
  join(artifacts, 'voc-yardsticks', experiment, `${variant}-${seed}-${stage}.json`);
const blob = ({ blobs }: Manifest, name: string) => {
  const { sha256: digest } = blobs[name]!;
  return join(artifacts, 'store', 'sha256', digest.slice(0, 2), digest);
};

/** Runs a command that says on this terminal how far it is; what it prints on standard output is given. */
function execute(program: string, args: readonly string[], capture: boolean): string {
  const env = { ...process.env, SELFSUP_THREADS: options.threads, OMP_NUM_THREADS: options.threads };
  const { status, stdout } = spawnSync(program, args, {
    ...{ cwd: root, env, encoding: 'utf8', maxBuffer: 1e8 },
    stdio: ['ignore', capture ? 'pipe' : 'inherit', 'inherit'],
  });
  if (status !== 0) throw new Error(`${program} ${args.slice(0, 3).join(' ')} ended with ${status}`);
  return stdout;
}

/** The dataset of an experiment: the one need of its stages that was ingested. */
function datasetOf({ experiment }: Run, stage: string): Manifest {
  const { stages } = read<{ stages: Record<string, { needs: { dataset: string } }> }>(
    root,
    'pipelines/experiments',
    experiment,
    'experiment.json',
  );
  return read(artifacts, stages[stage]!.needs.dataset.slice('data/'.length), 'ingest', 'manifest.json');
}

/** Files of what a stage read, made once. */
function inputsOf(run: Run, stage: string, config: Readonly<Record<string, unknown>>): string {
  const proposals = existsSync(folderOf(run, 'proposals'))
    ? blob(read<Manifest>(folderOf(run, 'proposals'), 'manifest.json'), 'proposals')
    : undefined;
  const splits = ['train', 'test'].map((part) => (config[part] as { split: string }).split);
  const given = { dataset: blob(datasetOf(run, stage), 'lmdb'), proposals, splits };
  const to = join(artifacts, 'voc-yardsticks', 'inputs', sha256(canonicalJson(given)).slice(0, 16));
  if (!existsSync(join(to, `${splits.at(-1)}.json`)))
    execFileSync(process.execPath, ['--import', 'tsx', here('inputs.ts'), JSON.stringify({ ...given, to })], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  return to;
}

/** What a stage of ours was computed from, for its recipe in PyTorch. */
function jobOf(run: Run, stage: string) {
  const [manifest, pretrain] = [stage, 'pretrain'].map((name) => read<Manifest>(folderOf(run, name), 'manifest.json'));
  const { resolvedConfig: config, keyParts } = manifest!;
  return {
    uses: keyParts.uses,
    seed: Number(run.seed),
    config,
    settings: read(folderOf(run, stage), 'protocol.json'),
    normalisation: pretrain!.resolvedConfig.normalisation,
    checkpoint: blob(pretrain!, 'checkpoint'),
    inputs: inputsOf(run, stage, config),
  };
}
const identityOf = (job: ReturnType<typeof jobOf>): string => sha256(canonicalJson(job));

/** Takes a stage's recipe in PyTorch unless that is done. */
async function twin(run: Run, stage: string): Promise<void> {
  const job = jobOf(run, stage);
  const file = twinFile(run, stage);
  const identity = identityOf(job);
  if (existsSync(file) && read<Twin>(file).job === identity) return;
  const python = oraclePython();
  if (python === undefined) throw new Error('PyTorch is not set up: run bench/setup-oracles');
  const settings = JSON.stringify({ ...job, threads: Number(options.threads) });
  const lines = execute(python, [here('twin.py'), settings], true)
    .trim()
    .split('\n');
  console.log(lines.slice(0, -1).join('\n'));
  mkdirSync(dirname(file), { recursive: true });
  await writeAtomically(file, JSON.stringify({ job: identity, ...(JSON.parse(lines.at(-1)!) as object) }));
}

if (!options.table)
  for (const run of runs) {
    const { experiment, variant, seed } = run;
    const selfsup = [here('../../../pipelines/bin/selfsup.mjs'), 'run', experiment, '--variant', variant];
    execute(process.execPath, [...selfsup, '--seed', seed], false);
    for (const { stage } of compared[experiment]!) await twin(run, stage);
  }

/** Ours and theirs of one seed in points; undefined where one of them is not done, or theirs from something else. */
function pair(run: Run, { stage, measure, points }: Compared): readonly [number, number] | undefined {
  const [ours, theirs] = [join(folderOf(run, stage), 'metrics.json'), twinFile(run, stage)];
  if (!existsSync(ours) || !existsSync(theirs)) return undefined;
  if (read<Twin>(theirs).job !== identityOf(jobOf(run, stage))) return undefined;
  const metric = read<{ measure: string; value: number }[]>(ours).find((one) => one.measure === measure)!;
  return [points * metric.value, points * read<Twin>(theirs).value];
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const cell = (value: number | undefined, digits = 1): string => (value?.toFixed(digits) ?? '–').padStart(9);
for (const experiment of experiments)
  for (const one of compared[experiment]!) {
    console.log(`\n${one.title} (within ${one.within} points)`);
    console.log(`${'trunk'.padEnd(10)}${'seed'.padStart(6)}${'ours'.padStart(9)}${'PyTorch'.padStart(9)}  difference`);
    for (const variant of variants) {
      const found = seeds.map((seed) => ({ seed, pair: pair({ seed, experiment, variant }, one) }));
      const known = found.flatMap(({ pair }) => (pair === undefined ? [] : [pair]));
      const lines = found.map((row) => ({ seed: row.seed, ours: row.pair?.[0], theirs: row.pair?.[1] }));
      if (known.length > 1)
        lines.push({
          seed: 'mean',
          ours: mean(known.map(([ours]) => ours)),
          theirs: mean(known.map(([, them]) => them)),
        });
      for (const { seed, ours, theirs } of lines) {
        const difference = ours === undefined || theirs === undefined ? undefined : ours - theirs;
        const verdict = difference === undefined ? '' : Math.abs(difference) <= one.within ? '  within' : '  BEYOND';
        console.log(
          `${variant.padEnd(10)}${seed.padStart(6)}${cell(ours)}${cell(theirs)}${cell(difference)}${verdict}`,
        );
      }
    }
    const first = { seed: seeds[0]!, experiment, variant: variants[0]! };
    if (existsSync(folderOf(first, one.stage))) console.log(positives(first, one.stage));
  }

/** How many there were to be found of each class. */
function positives(run: Run, stage: string): string {
  const classes = read<{ name: string; positives?: number; objects?: number; images?: number }[]>(
    folderOf(run, stage),
    'classes.json',
  );
  const all = classes.map(({ name, positives, objects, images }) => `${name} ${positives ?? objects ?? images ?? '?'}`);
  return `to be found: ${all.join(', ')}`;
}
