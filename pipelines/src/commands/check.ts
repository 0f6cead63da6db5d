import { Command } from 'commander';
import { readExperiment } from '../experiment.ts';
import { openSession } from '../session.ts';
import { checkStages } from '../stage-key.ts';

export default new Command('check')
  .description('Check an experiment file and the config of its stages without running anything')
  .argument('<experiment>')
  .addHelpText('after', '\nExample:\n  selfsup check quickstart')
  .action(async (name: string) => {
    const session = openSession();
    const experiment = readExperiment(session.workspace, name);
    await checkStages(session, experiment);
    console.log(`${name}: sound`);
  });
