import { Command } from 'commander';
import { unitLabel } from '../artifacts.ts';
import { findStage, readExperiment } from '../experiment.ts';
import { wholeNumber } from '../options.ts';
import { stageIds } from '../run-experiment.ts';
import { openSession } from '../session.ts';
import { decideStage } from '../stage-key.ts';
import { reasons } from '../why.ts';

export default new Command('why')
  .description('Say why a stage would be run again: which part of its key has changed')
  .argument('<experiment>')
  .argument('<stage>')
  .option('--variant <name>', 'only this variant')
  .option('--seed <n>', 'only this seed', wholeNumber)
  .addHelpText('after', '\nExample:\n  selfsup why quickstart pretrain')
  .action(async (name: string, stage: string, options: { variant?: string; seed?: number }) => {
    const session = openSession();
    const experiment = readExperiment(session.workspace, name);
    findStage(experiment, experiment.variants[0]!, stage);
    for (const id of stageIds(experiment, { ...options, stages: [stage] }).filter(
      (candidate) => candidate.stage === stage,
    )) {
      const decision = await decideStage(session, experiment, id);
      const lines = decision === undefined ? ['something it needs has not been published'] : reasons(decision);
      if (lines.length === 0) console.log(`${unitLabel(id)}: done`);
      else console.log([`${unitLabel(id)}: would run, since`, ...lines.map((line) => `  ${line}`)].join('\n'));
    }
  });
