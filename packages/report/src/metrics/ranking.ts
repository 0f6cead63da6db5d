import { metricName, type Metric } from '@selfsup/kit/metric';
import type { Measured, Run } from '../overview-input.ts';
import { meanAndDeviation } from './format.ts';
import { isHeadline } from './gather.ts';

/** Variants whose numbers compare: one head, protocol and measure, on the same data. */
export interface Ranking {
  /** Its metrics' name, the layer being `*`. */
  readonly name: string;
  readonly data: readonly string[];
  /** The best first. */
  readonly ranked: readonly Ranked[];
}

/** One variant of an experiment over its seeds, at the layer that is best in the mean of the seeds. */
interface Ranked {
  readonly experiment: string;
  readonly variant: string;
  readonly metric: string;
  readonly about: Metric;
  readonly seeds: readonly number[];
  readonly mean: number;
  /** Undefined for a single seed. */
  readonly deviation: number | undefined;
}

/** What numbers have in common that compare with each other: `linear/zhang/<layer>/top1`, its layer being open. */
function rankingName(metric: Metric): string {
  return metricName({ ...metric, ...(metric.layer !== undefined && { layer: '*' }) });
}

/** Whether a metric has this name, in which `*` stands for anything. */
export function matchesName(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}

/**
 * The numbers that a list of results leads with: of each head and protocol its first accuracy after the last epoch, at the
 * layer where it is best; those of pretext tasks last. Where there is none, the first metric of each head.
 */
export function leadingMetrics(metrics: readonly Measured[]): Measured[] {
  const headlines = metrics.filter(isHeadline);
  const found = new Map<string, Measured>();
  for (const metric of headlines.length > 0 ? headlines : metrics.filter(({ epoch }) => epoch === undefined)) {
    const id = `${metric.head}/${metric.family?.name ?? metric.protocol ?? ''}`;
    const first = found.get(id);
    const sameKind = first?.measure === metric.measure && first.protocol === metric.protocol;
    if (first === undefined || (sameKind && isBetter(metric, first.value))) found.set(id, metric);
  }
  const isPretext = ({ protocol }: Metric): number => Number(protocol === undefined);
  return [...found.values()].sort((a, b) => isPretext(a) - isPretext(b));
}

function isBetter({ value, better }: Metric, than: number): boolean {
  return better === 'more' ? value > than : better === 'less' && value < than;
}

/**
 * Rankings of the metrics that `picks` takes, in the order of their first appearance; in each the variants by the mean over
 * their seeds. Where neither more nor less is better they stay in the order of the runs.
 */
export function rankings(runs: readonly Run[], picks: (metric: Measured) => boolean): Ranking[] {
  const found = new Map<string, { name: string; data: readonly string[]; variants: Map<string, Layers> }>();
  for (const { experiment, variant, seed, metrics } of runs)
    for (const about of metrics.filter(picks)) {
      const name = rankingName(about);
      const ranking = getOrSet(found, JSON.stringify([name, about.data]), () => ({
        ...{ name, data: about.data },
        variants: new Map<string, Layers>(),
      }));
      const layers = getOrSet(ranking.variants, `${experiment}/${variant}`, (): Layers => new Map());
      const metric = metricName(about);
      getOrSet(layers, metric, () => ({ experiment, variant, metric, about, bySeed: new Map() })).bySeed.set(
        seed,
        about.value,
      );
    }
  return [...found.values()].map(({ name, data, variants }) => ({
    ...{ name, data },
    ranked: [...variants.values()].map(bestLayer).sort(bestFirst),
  }));
}

/** What one variant measured at each layer, by the name of the metric. */
type Layers = Map<
  string,
  Pick<Ranked, 'experiment' | 'variant' | 'metric' | 'about'> & { bySeed: Map<number, number> }
>;

function bestLayer(layers: Layers): Ranked {
  const all = [...layers.values()].map(({ bySeed, ...layer }) => ({
    ...layer,
    seeds: [...bySeed.keys()],
    ...meanAndDeviation([...bySeed.values()]),
  }));
  return all.sort(bestFirst)[0]!;
}

function bestFirst(a: Ranked, b: Ranked): number {
  if (a.about.better === 'neither') return 0;
  return a.about.better === 'more' ? b.mean - a.mean : a.mean - b.mean;
}

function getOrSet<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
