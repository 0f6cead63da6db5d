import { z } from 'zod';

/** How a feature map becomes a vector: the mean over its cells, or all of it. */
export const vectorSchema = z.enum(['average', 'flatten']);

/** Layers to measure, each by itself. */
export const layersSchema = z
  .array(z.string())
  .min(1)
  .refine((names) => new Set(names).size === names.length, 'a layer is named twice');
