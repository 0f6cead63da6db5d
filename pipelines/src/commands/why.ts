import { Command } from 'commander';
import { stagesNamed } from '../declare/stage-argument.ts';
import type { Stage } from '../declare/stage.ts';
import { decideStage } from '../keys/decide.ts';
import { elsewhereThan, reasons } from '../keys/why.ts';
import { collect, seedOption } from '../options.ts';
import { whoHas } from '../remotes/bring.ts';
import { openSession, type Session } from '../run/session.ts';
import { describeFitting, tellUnfinished } from '../store/tell-unfinished.ts';
import { fittingOf, listUnfinished } from '../store/unfinished.ts';

interface Options {
  variant?: string;
  seed?: number;
  set: string[];
  data: string[];
  exact?: boolean;
}

export default new Command('why')
  .description('Say why stages or a dataset would be computed again, and what of them lies there unfinished')
  .argument('<experiment or data/dataset>')
  .argument('[stage]', 'one of the experiment; all where none is named')
  .option('--variant <name>', 'only this variant')
  .option('--seed <n>', 'only this seed', seedOption)
  .option('--set <path=value>', 'override, as of run', collect, [] as string[])
  .option('--data <name=other>', 'another dataset in the place of one, as of run', collect, [] as string[])
  .option('--exact', 'ask for a result that was computed in a place like this one')
  .addHelpText(
    'after',
    '\nExamples:\n  selfsup why quickstart\n  selfsup why quickstart pretrain --exact\n  selfsup why data/cifar10',
  )
  .action(async (name: string, stage: string | undefined, options: Options) => {
    const session = openSession({ exact: options.exact });
    for (const one of stagesNamed(session, name, stage, options)) await explain(session, one);
  });

async function explain(session: Session, stage: Stage): Promise<void> {
  const { label, named, workFolder } = stage;
  const decision = await decideStage(session, stage);
  const lines = decision === undefined ? ['something it needs has not been published'] : reasons(decision);
  if (lines.length === 0) {
    const elsewhere = decision === undefined ? [] : elsewhereThan(decision);
    const where = elsewhere.length === 0 ? '' : ', computed elsewhere (--exact would compute it again here)';
    console.log([`${label}: done${where}`, ...elsewhere.map((line) => `  ${line}`)].join('\n'));
  } else {
    const from = decision && !session.exact ? await whoHas(session, decision.key, label) : undefined;
    const what = from === undefined ? 'would run' : `would be taken from '${from}'`;
    console.log([`${label}: ${what}, since`, ...lines.map((line) => `  ${line}`)].join('\n'));
  }
  const unfinished = await listUnfinished(workFolder);
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
