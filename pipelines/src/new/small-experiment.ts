/** What differs between the experiments that templates give. */
export interface SmallExperiment {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  /** Name of the task, which is that of the variant too. */
  readonly task: string;
  /** Chosen so that the task is learned visibly, though not to its end, in about a minute. */
  readonly epochs: number;
}

const optimizer = { name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 0.0005 };
const IMAGES = 4000;

/** An `experiment.json` that takes about a minute: rendered shapes, a narrow network, random weights beside it. */
export function smallExperiment({ name, title, summary, task, epochs }: SmallExperiment): string {
  const dataset = 'data/shapes';
  const experiment = {
    $schema: '../../schema/experiment.schema.json',
    about: { title, summary, command: `npx nx run pipeline:${name}`, time: 'about a minute on 2 cores' },
    seeds: [1],
    variants: {
      [task]: {},
      random: { 'pretrain.uses': 'tasks/random', 'pretrain.config.task': {}, 'pretrain.config.epochs': 0 },
    },
    stages: {
      pretrain: {
        uses: `tasks/${task}`,
        needs: { dataset },
        config: {
          network: { name: 'nin', blocks: 3, width: 16 },
          data: { subset: { count: IMAGES }, augment: { padCrop: 4, flip: true } },
          task: {},
          epochs,
          batchSize: 32,
          optimizer,
          schedule: { name: 'cosine', learningRate: 0.05 },
        },
      },
      features: {
        uses: 'eval/features',
        needs: { encoder: 'pretrain', dataset },
        config: { layers: ['conv2'], train: { subset: { count: IMAGES } } },
      },
      linear: {
        uses: 'eval/linear-probe',
        needs: { features: 'features' },
        config: {
          protocol: 'small',
          layer: 'conv2',
          epochs: 4,
          optimizer,
          schedule: { name: 'cosine', learningRate: 0.1 },
        },
      },
    },
  };
  return `${JSON.stringify(experiment, null, 2)}\n`;
}
