import { Command } from 'commander';
import { unitLabel, workFolder } from '../store/artifacts.ts';
import { findStage, parseOverrides, readExperiment } from '../declare/experiment.ts';
import { collect, seedOption } from '../options.ts';
import { stageIds } from '../run/run-experiment.ts';
import { decideIngest, type IngestDecision } from '../run/run-ingest.ts';
import { stageWords } from '../run/run-stage.ts';
import { openSession, type Session } from '../run/session.ts';
import { type Decision, decideStage, type StageId } from '../keys/stage-key.ts';
import { stageArgument } from '../declare/stage-argument.ts';
import { describeFitting, tellUnfinished } from '../store/tell-unfinished.ts';
import { fittingOf, listUnfinished } from '../store/unfinished.ts';
import { elsewhereThan, reasons } from '../keys/why.ts';

interface Options {
  variant?: string;
  seed?: number;
  set: string[];
  exact?: boolean;
}

export default new Command('why')
  .description('Say why a stage or dataset would be computed again, and what of it lies there unfinished')
  .argument('<experiment or data/dataset>')
  .argument('[stage]')
  .option('--variant <name>', 'only this variant')
  .option('--seed <n>', 'only this seed', seedOption)
  .option('--set <path=value>', 'override, as of run', collect, [] as string[])
  .option('--exact', 'ask for a result that was computed in a place like this one')
  .addHelpText(
    'after',
    '\nExamples:\n  selfsup why quickstart pretrain\n  selfsup why quickstart pretrain --exact\n  selfsup why data/cifar10',
  )
  .action(async (name: string, stage: string | undefined, options: Options) => {
    const session = openSession({ exact: options.exact });
    if (name.startsWith('data/')) {
      const dataset = name.slice('data/'.length);
      await explain(session, { kind: 'ingest', dataset }, await decideIngest(session, dataset), name);
      return;
    }
    const experiment = readExperiment(session.workspace, name, parseOverrides(options.set));
    const asked = stageArgument(experiment, stage);
    findStage(experiment, experiment.variants[0]!, asked);
    for (const id of stageIds(experiment, { ...options, stages: [asked] }).filter((one) => one.stage === asked)) {
      await explain(session, id, await decideStage(session, experiment, id), stageWords(id, options.set));
    }
  });

async function explain(
  session: Session,
  id: StageId | IngestDecision['id'],
  decision: Decision | IngestDecision | undefined,
  named: string,
): Promise<void> {
  const label = unitLabel(id);
  const lines = decision === undefined ? ['something it needs has not been published'] : reasons(decision);
  if (lines.length === 0) {
    const elsewhere = decision === undefined ? [] : elsewhereThan(decision);
    const where = elsewhere.length === 0 ? '' : ', computed elsewhere (--exact would compute it again here)';
    console.log([`${label}: done${where}`, ...elsewhere.map((line) => `  ${line}`)].join('\n'));
  } else console.log([`${label}: would run, since`, ...lines.map((line) => `  ${line}`)].join('\n'));
  const unfinished = await listUnfinished(workFolder(session.artifacts, id));
  if (unfinished.length === 0) return;
  if (decision === undefined) {
    console.log(`${label}: unfinished work lies there: selfsup discard ${named.replace(/ --set .*/, '')}`);
    return;
  }
  const wanted = { ...decision, exact: session.exact, force: false };
  const fitting = decision.fresh ? undefined : fittingOf(unfinished, wanted);
  const texts = [
    ...(fitting === undefined ? [] : [await describeFitting(fitting)]),
    ...(await tellUnfinished(unfinished, fitting, wanted, named)),
  ];
  for (const text of texts) console.log(`${label}: ${text}`);
}
