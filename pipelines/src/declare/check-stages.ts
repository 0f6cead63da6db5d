import { codeKey } from '../keys/code-key/code-key.ts';
import type { Session } from '../run/session.ts';
import { blameOverride, type Experiment } from './experiment.ts';
import { partFile } from './parts.ts';
import { stagesOf } from './stages.ts';

/**
 * Checks every stage of every variant by the part's own schema, and that its code can be read: the keys of it are kept for
 * the processes that decide on the stages. Loads all modules, so it takes a moment. Throws `UserError` naming file and
 * field, or the override that has brought it in.
 */
export async function checkStages(session: Session, experiment: Experiment): Promise<void> {
  const { workspace } = session;
  for (const { name, set } of experiment.variants) {
    for (const stage of stagesOf(session, experiment, { variant: name, seed: 0 })) {
      const { parts } = await stage.prepare(session).catch((error: unknown) => {
        throw blameOverride(error, set, experiment.place);
      });
      await codeKey(workspace, [stage.root, ...parts.map((part) => partFile(workspace, part))]);
    }
  }
}
