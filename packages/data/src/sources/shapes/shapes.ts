import { z } from 'zod';
import { sha256 } from '@selfsup/kit/files';
import type { Source, SourceEntry, SourceImage } from '../../source.ts';
import { outlines } from './outlines.ts';
import { renderShape, shapeLabel } from './render.ts';

const schema = z.strictObject({
  type: z.literal('shapes'),
  /** Pixels a side. */
  size: z.int().min(8).max(512).default(32),
  /** 1 for grey, 3 for colour. */
  channels: z.union([z.literal(1), z.literal(3)]).default(3),
  /** Number of training images; the ten classes take turns. */
  train: z.int().min(1).default(10_000),
  /** Number of test images. */
  test: z.int().min(1).default(2000),
  seed: z.int().min(0).default(1),
});

type ShapesConfig = z.infer<typeof schema>;

/** Raise it when the same settings give other pixels than before: it is what the ingest key knows of this code. */
const version = 1;

/** Images between two chances for other work in this thread. */
const imagesAtATime = 50;

const source: Source<ShapesConfig> = {
  schema,
  look(config) {
    const { size, channels, train, test, seed } = config;
    const entries: SourceEntry[] = [];
    for (const [split, count] of Object.entries({ train, test })) {
      for (let i = 0; i < count; i++) entries.push({ split, label: shapeLabel(i), path: `${split}/${i}` });
    }
    async function* images(wanted: (entry: number) => boolean): AsyncGenerator<SourceImage> {
      for (const [entry, { split }] of entries.entries()) {
        if (!wanted(entry)) continue;
        const pixels = renderShape(config, split, split === 'train' ? entry : entry - train);
        yield { entry, pixels, height: size, width: size, channels };
        if (entry % imagesAtATime === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
    return Promise.resolve({
      found: {
        chosen: `Shapes rendered by Selfsup, ${size} × ${size} × ${channels}`,
        route: 'rendered here',
        settings: { size, channels, train, test, seed },
        fingerprint: sha256(`shapes ${version}`),
        open: () =>
          Promise.resolve({
            classes: Object.keys(outlines),
            image: { height: size, width: size, channels },
            entries,
            images,
          }),
      },
    });
  },
};

export default source;
