import { Command } from 'commander';
import { checkStages } from '../declare/check-stages.ts';
import { readComparison } from '../declare/comparison.ts';
import { readExperiment, type Experiment } from '../declare/experiment.ts';
import { kindOf } from '../declare/one-kind.ts';
import { isStudyFile } from '../declare/study.ts';
import { publishedOf } from '../report/comparison-input.ts';
import { publishedOfExperiment } from '../report/published-numbers.ts';
import { readPlan } from '../run/plan.ts';
import { openSession, type Session } from '../run/session.ts';

export default new Command('check')
  .description('Check an experiment, comparison or study and the config of its stages without running anything')
  .argument('<experiment, comparison or study.json>')
  .addHelpText('after', '\nExamples:\n  selfsup check quickstart\n  selfsup check cifar10-small')
  .action(async (name: string) => {
    const session = openSession();
    if (isStudyFile(name)) await checkStages(session, readPlan(session.workspace, name, {}).experiments);
    else if (kindOf(session.workspace, name) === 'comparison') await checkComparison(session, name);
    else await checkExperiment(session, readExperiment(session.workspace, name));
    console.log(`${name}: sound`);
  });

async function checkExperiment(session: Session, experiment: Experiment): Promise<void> {
  await checkStages(session, [experiment]);
  await publishedOfExperiment(experiment);
}

async function checkComparison(session: Session, name: string): Promise<void> {
  const comparison = readComparison(session.workspace, name);
  const experiments = new Set(comparison.entries.map((entry) => entry.experiment));
  await checkStages(session, experiments);
  for (const experiment of experiments) await publishedOfExperiment(experiment);
  await publishedOf(comparison);
}
