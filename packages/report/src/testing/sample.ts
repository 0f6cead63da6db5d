import { formerMetrics } from '@selfsup/kit/metric';
import { normal, randomKey, uniform } from '@selfsup/kit/random';
import { confusion } from '../figures/kinds/confusion.ts';
import { curve } from '../figures/kinds/curve.ts';
import { filters } from '../figures/kinds/filters.ts';
import { pictures, type Picture } from '../figures/kinds/pictures.ts';
import { encodePng } from '../images/png.ts';
import type { ReportInput, StageRow } from '../input.ts';

const classes = ['circle', 'square', 'triangle', 'star', 'cross', 'ring', 'arrow', 'letter', 'moon', 'wave'];
const seeds = [1, 2];
const variants = ['rotnet', 'random'];

/** A report's input with something in every place; the numbers are made up, near the yardsticks. */
export function sampleReport(): ReportInput {
  const linear: Record<string, number> = { 'rotnet 1': 57.2, 'rotnet 2': 55.4, 'random 1': 48.6, 'random 2': 50.3 };
  const conv: Record<string, number> = { 'rotnet 1': 60.7, 'rotnet 2': 59.4, 'random 1': 50.5, 'random 2': 52.87 };
  const rows = variants.flatMap((variant) =>
    seeds.flatMap((seed): StageRow[] => {
      const id = `${variant} ${seed}`;
      const trained = variant === 'rotnet';
      return [
        {
          ...common(id, variant, seed, 'pretrain', trained ? 'tasks/rotnet' : 'tasks/random'),
          config: {
            network: { name: 'nin', blocks: 3, width: 64 },
            epochs: trained ? 8 : 0,
            batchSize: 128,
            optimizer: { name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 0.0005 },
            schedule: { name: 'cosine', learningRate: 0.1 },
            data: { subset: { first: 10000 }, augment: { padCrop: 4, flip: true } },
          },
          metrics: formerMetrics(
            trained
              ? {
                  'pretext/rotation-accuracy': seed === 1 ? 70.94 : 70.61,
                  'pretext/rotation-accuracy-best': 71.2 + seed / 10,
                  'pretext/loss': 0.7315 + seed / 100,
                }
              : {},
          ),
          figures: trained
            ? [falling(id, 8, 'rotation-accuracy', 71), pictures({ pictures: rotations(), beside: false }), kernels(id)]
            : [kernels(id)],
        },
        {
          ...common(id, variant, seed, 'linear', 'eval/linear-probe'),
          config: { protocol: 'yardstick', layer: 'conv2', pooling: { adaptiveAverage: 4 }, epochs: 8, batchSize: 128 },
          metrics: formerMetrics({
            'linear/yardstick/conv2/top1': linear[id]!,
            'linear/yardstick/conv2/top1-best': linear[id]! + 0.4,
          }),
          figures: [falling(`${id} linear`, 8, 'top1', linear[id]!), confused(id)],
        },
        {
          ...common(id, variant, seed, 'conv', 'eval/classifier'),
          config: { protocol: 'yardstick', layer: 'conv2', head: 'conv', epochs: 8, batchSize: 128 },
          metrics: formerMetrics({
            'conv/yardstick/conv2/top1': conv[id]!,
            'conv/yardstick/conv2/top1-best': conv[id]!,
          }),
          figures: [falling(`${id} conv`, 8, 'top1', conv[id]!), confused(`${id} conv`)],
        },
      ];
    }),
  );
  return {
    experiment: 'rotnet-small',
    about: {
      title: 'RotNet on 10,000 CIFAR-10 images, beside random weights',
      summary:
        'A network learns to tell by how much an image was turned, and is then judged by what a linear layer and a small convolutional classifier read from its second block.',
      paper: 'Gidaris, Singh, Komodakis 2018, arXiv:1803.07728',
      command: 'npx nx run pipeline:rotnet-small',
      time: 'about 20 minutes on 2 cores',
      published: [
        {
          metric: 'conv/yardstick/conv2/top1',
          variant: 'rotnet',
          value: 59.75,
          unit: '%',
          source: 'yardsticks.md, an earlier run',
          protocol: 'the same small recipe in PyTorch',
          comparable: true,
        },
        {
          metric: 'conv/yardstick/conv2/top1',
          variant: 'rotnet',
          value: 91.16,
          unit: '%',
          source: 'RotNet paper, table 4',
          protocol: 'all 50,000 images, 4 blocks of 192 channels, 200 epochs',
          comparable: false,
          note: 'Another network, data and schedule: only the direction can be compared.',
        },
      ],
      expected: [
        {
          metric: 'linear/yardstick/conv2/top1',
          variant: 'rotnet',
          value: 57.2,
          tolerance: 2,
          source: 'yardsticks.md, seed 1',
        },
        {
          metric: 'linear/yardstick/conv2/top1',
          variant: 'random',
          value: 49.3,
          tolerance: 2,
          source: 'yardsticks.md',
        },
        {
          metric: 'conv/yardstick/conv2/top1',
          variant: 'rotnet',
          value: 60.7,
          tolerance: 2,
          source: 'yardsticks.md, seed 1',
        },
        {
          metric: 'pretext/rotation-accuracy',
          variant: 'rotnet',
          value: 70.9,
          tolerance: 0.1,
          source: 'yardsticks.md',
        },
      ],
    },
    seeds,
    variants,
    datasets: [
      {
        name: 'fashion-mnist',
        chosen: 'shapes rendered by our own code, standing in for fashion-mnist, which did not answer',
        fallback: true,
        image: { height: 32, width: 32, channels: 3 },
        classes,
        splits: {
          train: { count: 10000, classCounts: new Array<number>(10).fill(1000) },
          test: { count: 1000, classCounts: new Array<number>(10).fill(100) },
        },
        digest: hex('dataset'),
        quarantine: [{ path: 'train/ring/0042.jpg', reason: 'cut off after 311 bytes' }],
      },
    ],
    rows,
    warnings: ['Features were extracted with another engine than the encoder was trained with.'],
    generated: '2026-03-01',
  };
}

function common(id: string, variant: string, seed: number, stage: string, uses: string) {
  const name = `${id} ${stage}`;
  return {
    variant,
    seed,
    stage,
    uses,
    run: {
      wallSeconds: 40 + 900 * uniform(randomKey(1, name)),
      host: 'lab-2',
      cpu: 'x86-64, AVX-512, 2 threads',
      started: '2026-03-01 10:12',
      peakMemoryBytes: 1.2e9,
    },
    reproducibility: {
      key: hex(`${name} key`),
      codeKey: hex(`${name} code`),
      engine: { tensorflow: '2.21.0', threads: '2', fpmath: 'fp32' },
      inputs: { dataset: hex('dataset') },
      outputDigest: hex(`${name} out`),
      blobs: stage === 'pretrain' ? { checkpoint: hex(`${name} blob`) } : {},
    },
  };
}

function hex(name: string): string {
  return Array.from({ length: 64 }, (_, i) => Math.floor(16 * uniform(randomKey(2, name), i)).toString(16)).join('');
}

function falling(name: string, epochs: number, measure: string, last: number) {
  const key = randomKey(3, name);
  const at = Array.from({ length: epochs }, (_, i) => i + 1);
  return curve({
    percent: [measure],
    train: at.map((epoch) => ({
      epoch,
      step: epoch * 78,
      loss: 0.7 + 0.65 * Math.exp(-epoch / 3) + 0.01 * normal(key, epoch),
    })),
    test: at.map((epoch) => ({
      epoch,
      step: epoch * 78,
      [measure]: epoch === epochs ? last : last - 18 * Math.exp(-epoch / 2.5) + 0.6 * normal(key, 100 + epoch),
    })),
  });
}

function confused(name: string) {
  const key = randomKey(4, name);
  const matrix = classes.map((_, actual) => {
    const row = new Array<number>(10).fill(0);
    for (let i = 0; i < 100; i++) {
      const target = i < 55 ? actual : Math.floor(10 * uniform(key, actual * 100 + i) ** 2);
      row[target]!++;
    }
    return row;
  });
  if (name === 'rotnet 1') matrix[0] = [71, 5, 0, 4, 2, 9, 1, 3, 5, 0];
  return confusion({ title: 'linear/yardstick/conv2', classes, matrix });
}

/** A slanted wedge on a gradient, in its four rotations. */
function rotations(): Picture[] {
  const side = 32;
  return [0, 1].flatMap((sample) =>
    [0, 90, 180, 270].map((angle, turn): Picture => {
      const pixels = new Uint8Array(side * side * 3);
      for (let y = 0; y < side; y++)
        for (let x = 0; x < side; x++) {
          const [u, v] = [
            [x, y],
            [side - 1 - y, x],
            [side - 1 - x, side - 1 - y],
            [y, side - 1 - x],
          ][turn] as [number, number];
          const inside = v > 8 && v < 26 && Math.abs(u - 15 - sample * 3) < (v - 6) / 2;
          pixels.set(inside ? [205, 120 + 60 * sample, 70] : [110 + 3 * v, 140 + 2 * v, 170 + v], (y * side + x) * 3);
        }
      const predicted = sample === 1 && angle === 90 ? '270°' : `${angle}°`;
      return {
        image: encodePng(pixels, side, side, 3),
        caption: `Test image ${sample}`,
        alt: `Test image ${sample} rotated by ${angle}°`,
        facts: { actual: `${angle}°`, predicted },
        group: 'Rotated test images and the predicted rotation',
      };
    }),
  );
}

function kernels(name: string) {
  const key = randomKey(5, name);
  const pixels = Buffer.alloc(64 * 75);
  for (let filter = 0; filter < 64; filter++)
    for (let i = 0; i < 75; i++) {
      const [y, x] = [Math.floor(i / 15), Math.floor(i / 3) % 5];
      const wave = Math.sin(
        (x * Math.cos(filter) + y * Math.sin(filter)) * (0.6 + (filter % 5) / 4) +
          (filter % 3) +
          (i % 3) * (filter % 2),
      );
      pixels[filter * 75 + i] = Math.max(0, Math.min(255, 128 + 90 * wave + 14 * normal(key, filter * 75 + i)));
    }
  return filters({ layer: 'block1_conv1', shape: [64, 5, 5, 3], pixels: pixels.toString('base64') });
}
