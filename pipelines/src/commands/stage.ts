import { Command, Option } from 'commander';
import { readExperiment } from '../declare/experiment.ts';
import { parseOverrides } from '../declare/overrides.ts';
import { stagesOf } from '../declare/stages.ts';
import { collect, minutesOption, seedOption } from '../options.ts';
import { openSession } from '../run/session.ts';
import { runStageTogether } from '../run/together.ts';

interface Options {
  variant?: string;
  seed?: number;
  set: string[];
  force: boolean;
  exact?: boolean;
  maxMinutes?: number;
  announced: boolean;
  alone: boolean;
  dryRunInto?: string;
}

export default new Command('stage')
  .description('Bring one stage of an experiment up to date (what Nx runs; see also: run)')
  .argument('<experiment>')
  .argument('<stage>')
  .option('--variant <name>', 'the variant; by default the first')
  .option('--seed <n>', 'the seed; by default the first', seedOption)
  .option('--set <path=value>', 'override, as of run', collect, [] as string[])
  .option('--force', 'compute it anew even where it is done', false)
  .option('--exact', 'compute it anew where it was computed on another processor or with other threads')
  .option('--alone', 'fail where something that it needs is missing, in place of making that first', false)
  .option('--max-minutes <n>', 'stop after this time, as Ctrl-C would', minutesOption)
  .addOption(new Option('--announced', 'what runs all stages has looked at them').default(false).hideHelp())
  .option('--dry-run-into <folder>', 'dry run that publishes into a throw-away folder')
  .addHelpText(
    'after',
    '\nExample:\n  selfsup stage quickstart pretrain --variant rotnet --seed 1\n\nStarted several times by srun, torchrun or with TF_CONFIG, it shares the steps of a training (docs/scale.md).',
  )
  .action(async (name: string, asked: string, options: Options) => {
    const session = openSession({
      maxMinutes: options.maxMinutes,
      exact: options.exact,
      ...(options.dryRunInto === undefined ? {} : { dryRunFolder: options.dryRunInto }),
    });
    const experiment = readExperiment(session.workspace, name, [parseOverrides(options.set)]);
    const { variant = experiment.variants[0]!.name, seed = experiment.seeds[0]!, force, announced, alone } = options;
    // After what it needs.
    const stage = stagesOf(session, experiment, { variant, seed, stages: [asked] }).at(-1)!;
    if (force) await stage.prepare(session);
    // What runs all of them has looked already.
    const beside = announced ? [] : stagesOf(session, experiment, { variant, seed });
    const outcome = await runStageTogether(session, stage, { force, announced, alone, beside });
    if (outcome === 'fresh') console.log(`${stage.label}: done already`);
  });
