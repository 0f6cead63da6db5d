import { Command } from 'commander';
import { unitLabel } from '../artifacts.ts';
import { findStage, readExperiment } from '../experiment.ts';
import { seedOption } from '../options.ts';
import { stageIds } from '../run-experiment.ts';
import { openSession } from '../session.ts';
import { decideStage } from '../stage-key.ts';
import { elsewhereThan, reasons } from '../why.ts';

export default new Command('why')
  .description('Say why a stage would be run again: which part of its key has changed')
  .argument('<experiment>')
  .argument('<stage>')
  .option('--variant <name>', 'only this variant')
  .option('--seed <n>', 'only this seed', seedOption)
  .option('--exact', 'ask for a result that was computed in a place like this one')
  .addHelpText('after', '\nExamples:\n  selfsup why quickstart pretrain\n  selfsup why quickstart pretrain --exact')
  .action(async (name: string, stage: string, options: { variant?: string; seed?: number; exact?: boolean }) => {
    const session = openSession({ exact: options.exact });
    const experiment = readExperiment(session.workspace, name);
    findStage(experiment, experiment.variants[0]!, stage);
    for (const id of stageIds(experiment, { ...options, stages: [stage] }).filter(
      (candidate) => candidate.stage === stage,
    )) {
      const decision = await decideStage(session, experiment, id);
      const lines = decision === undefined ? ['something it needs has not been published'] : reasons(decision);
      if (lines.length === 0) {
        const elsewhere = decision === undefined ? [] : elsewhereThan(decision);
        const where = elsewhere.length === 0 ? '' : ', computed elsewhere (--exact would compute it again here)';
        console.log([`${unitLabel(id)}: done${where}`, ...elsewhere.map((line) => `  ${line}`)].join('\n'));
      } else console.log([`${unitLabel(id)}: would run, since`, ...lines.map((line) => `  ${line}`)].join('\n'));
    }
  });
