import { Command } from 'commander';
import { readComparison } from '../comparison.ts';
import { publishedOf } from '../comparison-input.ts';
import { type Experiment, readExperiment } from '../experiment.ts';
import { publishedOfExperiment } from '../published-numbers.ts';
import { openSession, type Session } from '../session.ts';
import { checkStages } from '../stage-key.ts';
import { assertKnown, comparisonNames, experimentNames } from '../workspace.ts';

export default new Command('check')
  .description('Check an experiment or comparison file and the config of its stages without running anything')
  .argument('<experiment or comparison>')
  .addHelpText('after', '\nExamples:\n  selfsup check quickstart\n  selfsup check cifar10-small')
  .action(async (name: string) => {
    const session = openSession();
    const experiments = experimentNames(session.workspace);
    const comparisons = comparisonNames(session.workspace);
    const place = 'pipelines/experiments/<name>/experiment.json or pipelines/comparisons/<name>/comparison.json';
    assertKnown('experiment or comparison', name, [...experiments, ...comparisons], place);
    if (experiments.includes(name)) await checkExperiment(session, readExperiment(session.workspace, name));
    if (comparisons.includes(name)) await checkComparison(session, name);
    console.log(`${name}: sound`);
  });

async function checkExperiment(session: Session, experiment: Experiment): Promise<void> {
  await checkStages(session, experiment);
  await publishedOfExperiment(experiment);
}

async function checkComparison(session: Session, name: string): Promise<void> {
  const comparison = readComparison(session.workspace, name);
  for (const experiment of new Set(comparison.entries.map((entry) => entry.experiment)))
    await checkExperiment(session, experiment);
  await publishedOf(comparison);
}
