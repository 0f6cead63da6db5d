import { onceOver, type Parts } from '@selfsup/trainer/parts';
import type { TaskContext, TaskInstance } from '../task.ts';
import type { GanConfig } from './config.ts';
import { GanMeasures } from './measures.ts';
import type { GanNetworks } from './networks.ts';
import { PictureHistory } from './picture-history.ts';

/**
 * What tasks with a generator and an encoder have in common around their `step`: statistics estimated anew before measuring,
 * the measures, and the pictures over time.
 */
export function ganInstance(
  context: TaskContext<GanConfig>,
  networks: GanNetworks,
  step: TaskInstance['step'],
): TaskInstance {
  const measures = new GanMeasures(context, networks);
  const history = new PictureHistory(context, networks);
  const record = async (parts: Parts): Promise<void> => {
    measures.requireTestImages();
    await networks.estimateStatistics(parts);
    await history.add();
  };
  return {
    models: networks.models,
    parameterGroups: Object.values(networks.parameterGroups),
    measures: { 'reconstruction-ratio': 'min' },

    step(batch, position) {
      history.epoch = position.epoch + 1;
      return step(batch, position);
    },

    async beforeEpoch(epoch, parts) {
      if (epoch === 0) await record(parts);
      return {};
    },

    async evaluate(parts) {
      await networks.estimateStatistics(parts);
      const measured = await measures.reconstruction(parts);
      await history.add();
      return measured;
    },

    async finish(parts) {
      await record(parts);
      const reconstruction = await measures.reconstruction(parts);
      return { metrics: { ...reconstruction, ...(await onceOver(parts, 'neighbours', () => measures.neighbours())) } };
    },

    preview: () => history.pictures(),
    state: history,
  };
}
