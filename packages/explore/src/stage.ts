import { join } from 'node:path';
import { z } from 'zod';
import { writeAtomically } from '@selfsup/kit/files';
import type { StageContext, StageResult } from '@selfsup/kit/stage';
import type { NetworkSource } from './make/gather-network.ts';

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

/** Role of linear probes that were trained on a network, by its label and their stage. */
export const probeRole = (label: string, stage: string): string => `probe of ${label}: ${stage}`;

/** Role of the dataset that a network was trained on. */
export const trainingDataRole = (label: string): string => `data of ${label}`;

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
      networks: await Promise.all(labelsOf(needs).map((label) => networkOf(label, needs))),
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

type Needs = StageContext<ExploreConfig>['needs'];

function labelsOf(needs: Needs): string[] {
  const start = networkRole('');
  return Object.keys(needs).flatMap((role) => (role.startsWith(start) ? role.slice(start.length) : []));
}

/** A network with its probes and what it was trained on. */
async function networkOf(label: string, needs: Needs): Promise<NetworkSource> {
  const { trainingData } = await import('./make/training-data.ts');
  const start = probeRole(label, '');
  const probes = Object.entries(needs).filter(([role]) => role.startsWith(start));
  const data = needs[trainingDataRole(label)];
  return {
    label,
    checkpoint: needs[networkRole(label)]!.blob('checkpoint'),
    probes: probes.map(([, need]) => ({ file: need.blob('probe'), metrics: need.metrics })),
    trainedOn: data && (await trainingData(data.blob('lmdb'))),
  };
}
