import { join } from 'node:path';
import { z } from 'zod';
import { writeAtomically } from '@selfsup/kit/files';
import type { StageContext, StageResult } from '@selfsup/kit/stage';

/** What an experiment says of its page, under `explore`. */
export const exploreSchema = z.strictObject({
  /** Test images in the page. */
  images: z.int().min(1).max(1000).default(120),
});
export type ExploreConfig = z.output<typeof exploreSchema>;

/** What the page says of itself beside its networks. */
export interface ExploreTitle {
  readonly experiment: string;
  readonly title: string;
}

/** Role of the dataset whose test images are in the page. */
export const datasetRole = 'dataset';

/** Role of a network, by what people call it. */
export const networkRole = (label: string): string => `network ${label}`;

/** The file that the stage publishes. */
export const exploreFile = 'explore.html';

/**
 * The stage that makes the page in which the networks of an experiment run. Loads TensorFlow only to run.
 *
 * @param panels names of the parts of this package
 */
export async function runExplore(
  { config, needs, workFolder }: Pick<StageContext<ExploreConfig>, 'config' | 'needs' | 'workFolder'>,
  { experiment, title }: ExploreTitle,
  panels: readonly string[],
): Promise<StageResult> {
  const { openDataset } = await import('@selfsup/data/dataset');
  const { makePage } = await import('./make/make-page.ts');
  const { html } = await import('@selfsup/report/markup');
  const dataset = openDataset(needs[datasetRole]!.blob('lmdb'));
  try {
    const page = await makePage({
      title,
      eyebrow: html`To play with: <a href="index.html">the report</a> of <code>${experiment}</code> has the numbers`,
      networks: Object.entries(needs)
        .filter(([role]) => role !== datasetRole)
        .map(([role, need]) => ({ label: role.slice(networkRole('').length), checkpoint: need.blob('checkpoint') })),
      dataset,
      images: config.images,
      panels,
    });
    const path = join(workFolder, exploreFile);
    await writeAtomically(path, page);
    return { files: { [exploreFile]: path }, metrics: [] };
  } finally {
    await dataset.close();
  }
}
