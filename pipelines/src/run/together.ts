import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Dismissed, joinCluster, membershipOf, ProcessLost, type Cluster } from '@selfsup/engine/cluster';
import { setUpEngine } from '@selfsup/engine/status';
import { UserError } from '@selfsup/kit/errors';
import type { Progress } from '@selfsup/kit/progress';
import { wholeWork } from '@selfsup/kit/stage';
import type { Stage } from '../declare/stage.ts';
import { decideStage } from '../keys/decide.ts';
import type { StageOptions } from './child-command.ts';
import { mostProcesses } from './launch.ts';
import { runStage, stageInputs } from './run-stage.ts';
import type { Outcome } from './run-unit.ts';
import { unbroken, type Session } from './session.ts';

const silent: Progress = {
  phase: () => ({ advance: () => undefined, done: () => undefined }),
  note: () => undefined,
  warn: () => undefined,
};

/**
 * Brings a stage up to date, alone or as one of several processes as the environment says. The first of them does all that one
 * alone would do, holds the lease and publishes; the others take training steps with it, do their share of other work, and write nothing.
 * Throws as `runStage`, as `joinCluster`, and `ProcessLost`.
 */
export async function runStageTogether(session: Session, stage: Stage, options: StageOptions): Promise<Outcome> {
  const membership = membershipOf(process.env);
  if (membership === undefined) return runStage(session, stage, options);
  // What this process starts computes by itself.
  delete process.env['LD_PRELOAD'];
  await setUpEngine({ progress: session.progress(stage.label) });
  const joined = await joinCluster(membership, { purpose: stage.named });
  if (joined.rank > 0) return unbroken(() => follow(session, stage, joined));
  try {
    const outcome = await runStage(session, stage, options);
    joined.dismiss('done');
    return outcome;
  } catch (error) {
    const { name } = error as Error;
    // Of a loss the others hear when the connection ends: they are lost too.
    if (name !== 'ProcessLost') joined.dismiss(name === 'Interrupted' ? 'stopped' : 'failed');
    throw error;
  }
}

/** In another process than the first: takes part in its work until it is done. */
async function follow(session: Session, stage: Stage, joined: Cluster): Promise<Outcome> {
  let folder: string | undefined;
  try {
    await joined.hear();
    const decision = await decideStage(session, stage);
    const { key, keyParts, code, place } = decision ?? {};
    joined.answer({ key, keyParts, code, place });
    const prepared = decision?.prepared ?? (await stage.prepare(session));
    // Nothing to compute on, which the first will say, or nothing to share.
    if (decision === undefined || mostProcesses(prepared) === 1) for (;;) await joined.hear();
    joined.sharesStage = true;
    folder = await mkdtemp(join(tmpdir(), 'selfsup-process-'));
    await prepared.run({
      ...{ seed: stage.seed, needs: stageInputs(stage), workFolder: folder, progress: silent },
      ...{ signal: session.signal, extent: wholeWork },
    });
    const { begins } = await joined.hear();
    throw new Error(`The first process trains what this one never comes to: ${String(begins)}`);
  } catch (thrown) {
    const error = thrown instanceof ProcessLost ? await lastWords(joined, thrown) : thrown;
    if (!(error instanceof Dismissed)) throw error;
    if (error.how === 'failed') throw new UserError('The first process has failed, and has said why');
    return 'computed';
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

/**
 * With what a process that follows ends once it has lost another: what the first said before it went, which may lie there unread
 * since this one was computing, else the loss.
 */
export async function lastWords(joined: Pick<Cluster, 'hear'>, loss: ProcessLost, within = 1000): Promise<unknown> {
  const late = sleep(within, loss);
  for (;;) {
    const heard: unknown = await Promise.race([joined.hear().catch((error: unknown) => error), late]);
    if (heard instanceof Error) return heard instanceof ProcessLost ? loss : heard;
  }
}
