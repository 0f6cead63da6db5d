import { dirname } from 'node:path';
import { readDatasetConfig } from '@selfsup/data/dataset-config';
import { resolveSource } from '@selfsup/data/resolve';
import { UserError } from '@selfsup/kit/errors';
import { dataFolder } from '@selfsup/kit/folders';
import type { Progress } from '@selfsup/kit/progress';
import { datasetStage } from '../declare/dataset-stage.ts';
import { datasetFile, datasetNames } from '../declare/workspace.ts';
import type { Session } from '../run/session.ts';
import { readManifest } from '../store/manifest.ts';
import type { DatasetState } from './facts.ts';

/** Checksums of some hundred megabytes may have to be computed; more means that something else holds a lock. */
const patienceMilliseconds = 30_000;

const silent: Progress = {
  phase: () => ({ advance: () => undefined, done: () => undefined }),
  note: () => undefined,
  warn: () => undefined,
};

/** Looks, dataset by dataset, whether a source answers from what is on this machine. Fetches nothing. */
export async function lookAtDatasets(session: Pick<Session, 'workspace' | 'artifacts'>): Promise<DatasetState[]> {
  const states: DatasetState[] = [];
  for (const name of datasetNames(session.workspace)) {
    const ingested = readManifest(datasetStage(session, name).folder) !== undefined;
    states.push({ name, ingested, source: await lookAt(datasetFile(session.workspace, name)) });
  }
  return states;
}

async function lookAt(file: string): Promise<DatasetState['source']> {
  const wrong = (error: unknown): DatasetState['source'] => {
    const { message, remedy } = error as UserError;
    // The field says which kind it is: 'sources' is that none of them answers, SELFSUP_CACHE that none can be asked.
    const isRight = error instanceof UserError && ['sources', 'SELFSUP_CACHE'].includes(error.field ?? '');
    const state = isRight ? 'none' : 'wrong';
    return { state, problem: message.split('\n').join(' '), remedy };
  };
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<DatasetState['source']>((resolve) => {
    timer = setTimeout(() => resolve({ state: 'busy' }), patienceMilliseconds);
  });
  const look = async (): Promise<DatasetState['source']> => {
    try {
      const { chosen, fallback } = await resolveSource({
        config: await readDatasetConfig(file),
        datasetFolder: dirname(file),
        dataFolder: dataFolder(),
        progress: silent,
        // With a signal that has fired a source may look at files, but is stopped where it would fetch.
        signal: AbortSignal.abort(),
        file,
      });
      return { state: 'here', chosen, fallback };
    } catch (error) {
      return (error as Error).name === 'Interrupted' ? { state: 'elsewhere' } : wrong(error);
    }
  };
  try {
    return await Promise.race([look(), timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
