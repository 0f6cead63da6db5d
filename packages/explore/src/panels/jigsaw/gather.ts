import { permutationSet } from '@selfsup/tasks/permutation-set';
import type { JigsawConfig } from '@selfsup/tasks/pretext/jigsaw/config';
import type { Gather } from '../../panel.ts';

/** The permutations of a puzzle network, in the order of its outputs. */
const gather: Gather = async ({ task, taskConfig }) =>
  task === 'jigsaw' ? permutationSet((taskConfig as unknown as JigsawConfig).permutations) : undefined;
export default gather;
