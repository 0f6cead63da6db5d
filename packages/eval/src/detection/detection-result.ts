import { join } from 'node:path';
import { writeAtomically } from '@selfsup/kit/files';
import { meanAveragePrecision, metricsOf, type Quantity } from '@selfsup/kit/metric';
import type { StageResult } from '@selfsup/kit/stage';
import { curve as curveFigure } from '@selfsup/report/figures/curve';
import type { Curves } from '@selfsup/trainer/curve';
import { writeJsonFiles } from '../measures/json-files.ts';
import { eventRecords } from '../tuning/training-job.ts';
import type { Seen } from './detect.ts';
import type { ResolvedProtocol } from './detection-settings.ts';
import { detectionFigures, type DetectionResult } from './figures.ts';
import { coverage, coverageQuantities } from './recall.ts';

const counted: Quantity = { unit: 'count', better: 'neither' };
const quantities = { 'map-11': meanAveragePrecision, 'map-envelope': meanAveragePrecision, objects: counted };

interface Trained {
  readonly protocol: ResolvedProtocol;
  readonly layer: string;
  readonly curve: Curves;
  /** Where the trained networks are. */
  readonly checkpoint: string;
}

/** What the stage of a trained detector hands over: files in its work folder, metrics and figures. */
export async function detectionResult(
  workFolder: string,
  { protocol: { label, differences, source, settings }, layer, curve, checkpoint }: Trained,
  shown: Omit<DetectionResult, 'found'> & { readonly seen: readonly Seen[] },
): Promise<StageResult> {
  const { dataset, split, indices, seen } = shown;
  const { map11, envelope, ofClasses } = shown.scores;
  const found = seen.map(({ objects }) => objects);
  const detections = join(workFolder, 'detections.json');
  const places = found.map((objects, i) => ({ image: dataset.sourcePath(split, indices[i]!), objects }));
  await writeAtomically(detections, `${JSON.stringify(places)}\n`);
  const files = await writeJsonFiles(workFolder, {
    'protocol.json': { ...settings, source, label, differences },
    'classes.json': dataset.manifest.classes.map((name, i) => ({ name, ...ofClasses[i] })),
  });
  const known = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);
  const values = {
    ...{ 'map-11': known(map11), 'map-envelope': known(envelope) },
    objects: ofClasses.reduce((sum, { objects }) => sum + objects, 0),
  };
  const about = { protocol: label, layer };
  return {
    blobs: { checkpoint, detections },
    files,
    records: eventRecords(workFolder),
    metrics: [
      ...metricsOf({ head: 'detection', ...about }, quantities, values),
      ...metricsOf({ head: 'proposals', ...about }, coverageQuantities, proposalValues(seen)),
    ],
    figures: [
      curveFigure({ train: [...curve.train], test: [...curve.test], percent: ['map11'] }),
      ...detectionFigures(`detection/${label}/${layer}`, { ...shown, found }),
    ],
  };
}

/** How well the proposed regions cover the objects; nothing where they were given, or there are none. */
function proposalValues(seen: readonly Seen[]): Partial<Record<string, number>> {
  const proposals = seen.flatMap((one) => one.proposals ?? []);
  const overlaps = proposals.flatMap((one) => one.overlaps);
  if (overlaps.length === 0) return {};
  const boxes = proposals.reduce((sum, { count }) => sum + count, 0);
  return coverage(overlaps, boxes, proposals.length);
}
