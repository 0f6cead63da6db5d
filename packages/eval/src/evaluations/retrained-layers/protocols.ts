import { probeProtocols, type ProbeProtocol } from '../../heads/probe-protocols.ts';

/** A published way to train all that lies above a frozen layer of AlexNet at 224 pixels. */
export interface RetrainingProtocol extends Pick<
  ProbeProtocol,
  'source' | 'epochs' | 'batchSize' | 'optimizer' | 'schedule' | 'augment' | 'testView'
> {
  /** Units of fc6 and of fc7. */
  readonly units: number;
}

type Row = readonly [until: number, learningRate: number];

/** All but length and schedule are those of RotNet's linear classifiers. */
function protocol(source: string, ...rows: Row[]): RetrainingProtocol {
  const { batchSize, optimizer, augment, testView } = probeProtocols.rotnet;
  const table = rows.map(([until, learningRate]) => ({ until, learningRate }));
  const epochs = table.at(-1)!.until;
  return { source, units: 4096, epochs, batchSize, optimizer, schedule: { name: 'steps', table }, augment, testView };
}

/** By the name that stands in the metrics. */
export const retrainingProtocols = {
  rotnet: protocol(
    'RotNet repository, ImageNet non-linear classifiers',
    [10, 0.01],
    [20, 0.002],
    [30, 0.0004],
    [40, 0.00008],
  ),
  aet: protocol(
    'AET repository, ImageNet non-linear classifiers',
    [20, 0.01],
    [30, 0.002],
    [40, 0.0004],
    [50, 0.00008],
  ),
};
