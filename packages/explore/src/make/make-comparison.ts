import type { Metric } from '@selfsup/kit/metric';
import type { ComparisonInput } from '@selfsup/report/comparison-input';
import { inPercent } from '@selfsup/report/format';
import { html } from '@selfsup/report/markup';
import type { ComparedNumber, ComparisonData } from '../comparison-data.ts';
import { bundleComparison } from './bundle.ts';
import { pageDocument } from './document.ts';
import { pack } from './pack.ts';

/**
 * The page beside the report of a comparison in which people choose systems, layers and seeds, and table and curve follow:
 * one HTML file that loads nothing. Of what evaluations measured, all; of pretext tasks, nothing.
 */
export async function makeComparison(
  input: Pick<ComparisonInput, 'comparison' | 'about' | 'variants' | 'seeds' | 'rows'>,
): Promise<string> {
  const { loader, code } = await bundleComparison();
  const numbers = input.rows.flatMap(({ variant, seed, metrics }) =>
    metrics.flatMap((metric) => (metric.protocol === undefined ? [] : [numberOf(variant, seed, inPercent(metric))])),
  );
  const page: ComparisonData = { systems: input.variants, seeds: input.seeds, numbers };
  return pageDocument(
    {
      ...{ loader, code },
      title: input.about.title,
      eyebrow: html`To choose from: <a href="index.html">the report</a> of <code>${input.comparison}</code> has all of
        it`,
      summary:
        'Choose what was measured, systems, layers and seeds; table and curve follow. Nothing is loaded and nothing is sent.',
      status: '',
      notes: [],
      leftOut: [],
      blocks: { page: JSON.stringify(page) },
    },
    pack(code),
  );
}

function numberOf(system: string, seed: number, metric: Metric): ComparedNumber {
  const { head, protocol, measure, epoch, layer, value, unit, better } = metric;
  const quantity = `${head}, protocol ${protocol}: ${measure}${epoch === 'best' ? ', best of any epoch' : ''}`;
  return { system, seed, quantity, ...(layer !== undefined && { layer }), value, unit, better };
}
