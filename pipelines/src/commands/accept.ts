import { join } from 'node:path';
import { Command } from 'commander';
import { canonicalJson, writeAtomically } from '@selfsup/engine/files';
import { UserError } from '@selfsup/engine/errors';
import { acquireLease } from '@selfsup/engine/lease';
import { publishedFolder, storeOf, unitLabel, workFolder } from '../artifacts.ts';
import { findStage, readExperiment } from '../experiment.ts';
import { isComplete, type Manifest } from '../manifest.ts';
import { wholeNumber } from '../options.ts';
import { stageIds } from '../run-experiment.ts';
import { openSession } from '../session.ts';
import { decideStage } from '../stage-key.ts';
import { reasons } from '../why.ts';

export default new Command('accept')
  .description('Keep the published result of a stage although its code has changed: for a cosmetic change')
  .argument('<experiment>')
  .argument('<stage>')
  .option('--variant <name>', 'only this variant')
  .option('--seed <n>', 'only this seed', wholeNumber)
  .addHelpText(
    'after',
    '\nThe manifest says from then on that the change was accepted. Changes of config, inputs or engine are refused.\n' +
      '\nExample:\n  selfsup accept quickstart pretrain',
  )
  .action(async (name: string, stage: string, options: { variant?: string; seed?: number }) => {
    const session = openSession();
    const experiment = readExperiment(session.workspace, name);
    findStage(experiment, experiment.variants[0]!, stage);
    for (const id of stageIds(experiment, { ...options, stages: [stage] }).filter(
      (candidate) => candidate.stage === stage,
    )) {
      const lease = await acquireLease(join(workFolder(session.artifacts, id), 'lease'), {
        signal: session.signal,
        onWait: () => console.log(`${unitLabel(id)}: another process is at it; waiting`),
      });
      try {
        const decision = await decideStage(session, experiment, id);
        if (decision !== undefined && decision.key === decision.published?.key) {
          console.log(`${unitLabel(id)}: done already, nothing to accept`);
          continue;
        }
        const folder = publishedFolder(session.artifacts, id);
        const before = decision?.published;
        const onlyCode =
          before !== undefined &&
          canonicalJson({ ...before.keyParts, code: '' }) === canonicalJson({ ...decision!.keyParts, code: '' }) &&
          (await isComplete(before, folder, storeOf(session.artifacts, id)));
        if (decision === undefined || before === undefined || !onlyCode) {
          throw new UserError(`${unitLabel(id)} cannot be accepted: more than its code differs`, {
            remedy: `Run it again. ${decision === undefined ? '' : `It would run since ${reasons(decision).join('; ')}.`}`,
          });
        }
        const manifest: Manifest = {
          ...before,
          key: decision.key,
          keyParts: decision.keyParts,
          parts: decision.parts,
          code: decision.code,
          acceptedFrom: before.acceptedFrom ?? before.keyParts.code,
        };
        await lease.confirm();
        await writeAtomically(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
        console.log(`${unitLabel(id)}: accepted`);
        for (const line of reasons(decision)) console.log(`  ${line}`);
      } finally {
        await lease.release();
      }
    }
  });
