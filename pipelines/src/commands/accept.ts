import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { UserError } from '@selfsup/kit/errors';
import { acquireLease, type Lease } from '@selfsup/kit/lease';
import { stageNamed } from '../declare/stage-argument.ts';
import type { Stage } from '../declare/stage.ts';
import { decideStage, type Decision } from '../keys/decide.ts';
import { differOnlyInCode, keyDifferences, reasons } from '../keys/why.ts';
import { collect, seedOption } from '../options.ts';
import { openSession, type Session } from '../run/session.ts';
import { assertWritable } from '../store/artifacts.ts';
import { isComplete, type Manifest } from '../store/manifest.ts';
import { putInPlace, sweepScratch, writeManifest } from '../store/publish.ts';
import { listUnfinished, writeAttempt } from '../store/unfinished.ts';

interface Options {
  variant?: string;
  seed?: number;
  set: string[];
}

export default new Command('accept')
  .description('Keep the result or the unfinished work of a stage although its code has changed: for a cosmetic change')
  .argument('<experiment or data/dataset>')
  .argument('[stage]')
  .option('--variant <name>', 'only this variant')
  .option('--seed <n>', 'only this seed', seedOption)
  .option('--set <path=value>', 'override, as of run', collect, [] as string[])
  .addHelpText(
    'after',
    '\nThe manifest says from then on that the change was accepted. Changes of config, inputs or engine are refused.\n' +
      '\nExamples:\n  selfsup accept quickstart pretrain\n  selfsup accept data/cifar10',
  )
  .action(async (name: string, stage: string | undefined, options: Options) => {
    const session = openSession();
    assertWritable(session.artifacts);
    for (const one of stageNamed(session, name, stage, options)) await accept(session, one);
  });

/** Accepts what there is of a stage. Throws `UserError` where more than its code differs. */
async function accept(session: Session, stage: Stage): Promise<void> {
  const lease = await acquireLease(join(stage.workFolder, 'lease'), {
    signal: session.signal,
    onWait: () => console.log(`${stage.label}: another process is at it; waiting`),
  });
  try {
    const decision = await decideStage(session, stage);
    if (decision === undefined) {
      throw new UserError(`${stage.label} cannot be accepted: what it needs is not there yet`, {
        remedy: 'Accept the stages before it, or run them.',
      });
    }
    if (decision.key === decision.published?.key) {
      console.log(`${stage.label}: done already, nothing to accept`);
      return;
    }
    const lines = (await acceptPublished(stage, decision, lease)) ?? (await acceptUnfinished(stage, decision, lease));
    if (lines === undefined) {
      throw new UserError(`${stage.label} cannot be accepted: more than its code differs`, {
        remedy: `Run it again. It would run since ${reasons(decision).join('; ')}.`,
      });
    }
    for (const line of lines) console.log(line);
  } finally {
    await lease.release();
  }
}

type Accepted = readonly string[] | undefined;

/** Gives the published result the key of now. Undefined where there is none, or more than its code differs. */
async function acceptPublished(stage: Stage, decision: Decision, lease: Lease): Promise<Accepted> {
  const { published, key, keyParts, parts, code } = decision;
  const { folder, store, workFolder } = stage;
  if (published === undefined || !differOnlyInCode(published.keyParts, keyParts)) return undefined;
  if (!(await isComplete(published, folder, store))) return undefined;
  const acceptedFrom = published.acceptedFrom ?? published.keyParts.code;
  const manifest: Manifest = { ...published, key, keyParts, parts, code, acceptedFrom };
  // All of it at one stroke: digests stand beside the manifest.
  const fresh = join(workFolder, 'publish-accepted');
  await sweepScratch(workFolder, folder);
  await cp(folder, fresh, { recursive: true });
  await writeManifest(fresh, manifest);
  await lease.confirm();
  await putInPlace(fresh, folder, workFolder);
  return [`${stage.label}: accepted`, ...keyDifferences(published, decision).map((line) => `  ${line}`)];
}

/** Lets the next run go on with the newest unfinished work of which only the code differs; undefined where there is none. */
async function acceptUnfinished(stage: Stage, decision: Decision, lease: Lease): Promise<Accepted> {
  for (const { folder, attempt } of await listUnfinished(stage.workFolder)) {
    if (attempt === undefined || attempt.key === decision.key) continue;
    if (!differOnlyInCode(attempt.keyParts, decision.keyParts)) continue;
    const { key, keyParts, code } = decision;
    await lease.confirm();
    await writeAttempt(folder, {
      ...attempt,
      ...{ key, keyParts, code },
      acceptedFrom: attempt.acceptedFrom ?? attempt.keyParts.code,
    });
    const said = `${stage.label}: unfinished work accepted; the next run goes on with it`;
    return [said, ...keyDifferences(attempt, decision).map((line) => `  ${line}`)];
  }
  return undefined;
}
