import { Command } from 'commander';
import { readExperiment } from '../declare/experiment.ts';
import { stagesOf } from '../declare/stages.ts';
import { hasReport, reportFile, writeReport } from '../report/write-report.ts';
import { runStages } from '../run/run-stages.ts';
import { openSession } from '../run/session.ts';
import { shownPath } from '../store/shown-path.ts';

export default new Command('report-path')
  .description('Make sure that all results of an experiment are whole, and say where its report is')
  .argument('<experiment>')
  .addHelpText(
    'after',
    '\nNx trusts its cache; this looks at the store behind it and makes anew what was deleted or damaged.\n' +
      '\nExample:\n  selfsup report-path quickstart',
  )
  .action(async (name: string) => {
    const session = openSession();
    const experiment = readExperiment(session.workspace, name);
    const wanted = { experiments: [experiment], stages: stagesOf(session, experiment) };
    const { computed } = await runStages(session, wanted, {});
    if (computed.length > 0 || !hasReport(session, experiment)) await writeReport(session, experiment);
    console.log(`\nReport: ${shownPath(reportFile(session, experiment))}`);
  });
