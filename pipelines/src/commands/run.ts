import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { UserError } from '@selfsup/kit/errors';
import { readComparison } from '../declare/comparison.ts';
import { dataOverrides, findVariant, parseOverrides, readExperiment, setVariantName } from '../declare/experiment.ts';
import { kindOf } from '../declare/one-kind.ts';
import { findWorkspace, type Workspace } from '../declare/workspace.ts';
import { collect, minutesOption, seedOption } from '../options.ts';
import { compareExperiments } from '../report/compare-experiments.ts';
import { writeReport } from '../report/write-report.ts';
import { runExperiment } from '../run/run-experiment.ts';
import { openSession } from '../run/session.ts';
import { assertWritable } from '../store/artifacts.ts';
import { shownPath } from '../store/shown-path.ts';

interface Options {
  set: string[];
  data: string[];
  variant?: string;
  seed?: number;
  stage?: string;
  dryRun: boolean;
  fullHash: boolean;
  force: string[];
  exact?: boolean;
  maxMinutes?: number;
}

export default new Command('run')
  .description('Bring an experiment or comparison up to date without Nx, and write its report')
  .argument('<experiment or comparison>')
  .option('--set <path=value>', 'make a variant of it with this override; may be given several times', collect, [])
  .option('--data <name=other>', 'make a variant of it with another dataset in the place of one', collect, [])
  .option('--variant <name>', 'only this variant')
  .option('--seed <n>', 'only this seed, which need not stand in the file', seedOption)
  .option('--stage <name>', 'only this stage and what it needs')
  .option('--dry-run', 'build everything on the real files, do two steps of each stage, keep nothing', false)
  .option('--full-hash', 'read all source files to see whether they have changed, as of ingest', false)
  .option('--force <stage>', 'compute this stage anew; may be given several times', collect, [])
  .option('--exact', 'compute anew what was computed on another processor or with other threads')
  .option('--max-minutes <n>', 'stop after this time; the same command goes on later', minutesOption)
  .addHelpText(
    'after',
    `
Examples:
  selfsup run quickstart
  selfsup run rotnet --dry-run
  selfsup run jigsaw-imagenet --dry-run --data imagenet=imagenet-sample
  selfsup run rotnet-small --set pretrain.config.epochs=2 --set pretrain.config.batchSize=64
  selfsup run rotnet-small --stage pretrain --seed 2 --max-minutes 50`,
  )
  .action(async (name: string, options: Options) => {
    const workspace = findWorkspace();
    if (kindOf(workspace, name) === 'comparison') {
      refuseOfExperiments(workspace, name, options);
      return compareExperiments(name, options);
    }
    let session = openSession({ maxMinutes: options.maxMinutes, exact: options.exact });
    const base = readExperiment(session.workspace, name);
    const set = [...dataOverrides(base, options.data), ...options.set];
    const overrides = parseOverrides(set);
    if (options.variant !== undefined) findVariant(base, options.variant);
    const isSet = set.length > 0;
    const experiment = isSet ? readExperiment(session.workspace, name, overrides) : base;
    const variant =
      options.variant !== undefined && isSet ? setVariantName(options.variant, overrides) : options.variant;
    assertWritable(session.artifacts);
    if (options.dryRun) {
      const parent = join(session.artifacts.root, 'work');
      mkdirSync(parent, { recursive: true });
      const dryRunFolder = mkdtempSync(join(parent, 'dry-run-'));
      session = {
        ...session,
        dryRunFolder,
        artifacts: { ...session.artifacts, stages: dryRunFolder },
      };
      session = { ...session, artifacts: { ...session.artifacts, store: join(dryRunFolder, 'store') } };
    }
    const stages = options.stage === undefined ? undefined : [options.stage];
    const selection = { variant, seed: options.seed, stages, force: options.force, fullHash: options.fullHash };
    try {
      await runExperiment(session, experiment, { ...selection, verbose: true });
      if (options.dryRun) {
        console.log(`${name}: the dry run went through; nothing of it is kept.`);
        return;
      }
    } finally {
      if (session.dryRunFolder !== undefined) rmSync(session.dryRunFolder, { recursive: true, force: true });
    }
    const seeds = [...new Set([...experiment.seeds, ...(options.seed === undefined ? [] : [options.seed])])];
    const shown = isSet ? { ...base, seeds, variants: [...base.variants, ...experiment.variants] } : { ...base, seeds };
    const file = await writeReport(session, shown, { setVariant: isSet ? experiment.variants[0]!.name : undefined });
    console.log(`Report: ${shownPath(file)}`);
  });

/** Throws `UserError` for an option that means something for one experiment alone. */
function refuseOfExperiments(workspace: Workspace, name: string, options: Options): void {
  const { set, data, variant, seed, stage, dryRun, fullHash, force } = options;
  const given = {
    set: set.length > 0,
    data: data.length > 0,
    force: force.length > 0,
    'dry-run': dryRun,
    'full-hash': fullHash,
  };
  const named = { variant: variant !== undefined, seed: seed !== undefined, stage: stage !== undefined };
  const wrong = Object.entries({ ...given, ...named }).find(([, isGiven]) => isGiven)?.[0];
  if (wrong === undefined) return;
  const { file, entries } = readComparison(workspace, name);
  const experiments = [...new Set(entries.map(({ experiment }) => experiment.name))].join(', ');
  throw new UserError(`'${name}' is a comparison, and --${wrong} is for one experiment`, {
    file,
    remedy: `Leave it out, or run one of its experiments with it: ${experiments}.`,
  });
}
