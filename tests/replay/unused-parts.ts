import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allParts, loadStageModule } from '@selfsup/pipelines/parts';
import { repository } from './checkout.ts';

interface Experiment {
  readonly stages: Readonly<Record<string, { readonly uses: string; readonly config: unknown }>>;
}

/**
 * Tasks, evaluations and networks that no experiment of the replay uses: each new one is to be added to one of them.
 * Sources of datasets are not asked for, since most read files of others, nor panels of pages, which measure nothing.
 */
export async function unusedParts(): Promise<string[]> {
  const workspace = { root: repository };
  const folder = join(repository, 'tests/replay/experiments');
  const used = new Set<string>();
  for (const name of readdirSync(folder)) {
    const file = join(folder, name, 'experiment.json');
    const { stages } = JSON.parse(readFileSync(file, 'utf8')) as Experiment;
    for (const { uses, config } of Object.values(stages)) {
      const module = await loadStageModule(workspace, uses, { file });
      for (const part of [uses, ...(module.parts?.(module.schema.parse(config)) ?? [])]) used.add(part);
    }
  }
  return allParts(workspace).filter((part) => !/^(data|explore)\//.test(part) && !used.has(part));
}
