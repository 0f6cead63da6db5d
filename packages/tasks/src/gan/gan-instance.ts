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
  const record = async (): Promise<void> => {
    measures.requireTestImages();
    await networks.estimateStatistics();
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

    async beforeEpoch(epoch) {
      if (epoch === 0) await record();
      return {};
    },

    async evaluate() {
      await networks.estimateStatistics();
      const measured = await measures.reconstruction();
      await history.add();
      return measured;
    },

    async finish() {
      await record();
      return { metrics: { ...(await measures.reconstruction()), ...(await measures.neighbours()) } };
    },

    preview: () => history.pictures(),
    state: history,
  };
}
