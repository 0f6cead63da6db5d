import { z } from 'zod';

const decay = {
  /** L2 decay: this times the weight is added to its gradient. */
  weightDecay: z.number().min(0).default(5e-4),
  /** Kinds of weights that do not decay. The published recipes let all decay. */
  excludeFromDecay: z.array(z.enum(['bias', 'normalisation'])).default([]),
};

/** The `optimizer` section of a config. Its defaults are RotNet's. */
export const optimizerSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('sgd'),
    momentum: z.number().min(0).max(1).default(0.9),
    nesterov: z.boolean().default(true),
    /** What the learning rate is multiplied by for biases: 2 in Caffe's recipes. */
    biasLearningRate: z.number().positive().default(1),
    ...decay,
  }),
  z.strictObject({
    name: z.literal('adam'),
    beta1: z.number().min(0).max(1).default(0.9),
    beta2: z.number().min(0).max(1).default(0.999),
    epsilon: z.number().positive().default(1e-8),
    ...decay,
  }),
]);
export type OptimizerConfig = z.infer<typeof optimizerSchema>;
