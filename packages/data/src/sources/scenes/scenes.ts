import { z } from 'zod';
import { sha256 } from '@selfsup/kit/files';
import type { Source, SourceEntry, SourceImage } from '../../source.ts';
import { renderScene, sceneClasses } from './render-scene.ts';

const schema = z.strictObject({
  type: z.literal('scenes'),
  /** `detection`: boxes; `segmentation`: masks too, with the ground as the first class. */
  task: z.enum(['detection', 'segmentation']).default('detection'),
  /** Least and greatest side in pixels, along rows and columns each. */
  sides: z
    .tuple([z.int().min(16).max(512), z.int().min(16).max(512)])
    .refine(([least, greatest]) => least <= greatest, 'The first must not be above the second')
    .default([48, 72]),
  /** Least and greatest number of figures in an image. */
  figures: z
    .tuple([z.int().min(1).max(10), z.int().min(1).max(10)])
    .refine(([least, greatest]) => least <= greatest, 'The first must not be above the second')
    .default([1, 3]),
  /** Number of training images. */
  train: z.int().min(1).default(200),
  /** Number of test images. */
  test: z.int().min(1).default(50),
  seed: z.int().min(0).default(1),
});
type ScenesConfig = z.infer<typeof schema>;

/** Raise it when the same settings give other pixels than before: it is what the ingest key knows of this code. */
const version = 1;

/**
 * Scenes rendered here: images of differing size with several figures in five classes, their boxes and masks. For trying
 * detection and segmentation where no other data is at hand, and for tests; no published number belongs to it.
 */
const source: Source<ScenesConfig> = {
  schema,
  look(config) {
    const { task, sides, figures, train, test, seed } = config;
    const shift = task === 'segmentation' ? 1 : 0;
    const places = Object.entries({ train, test }).flatMap(([split, count]) =>
      Array.from({ length: count }, (_, index) => ({ split, index })),
    );
    async function* images(wanted: (entry: number) => boolean): AsyncGenerator<SourceImage> {
      for (const [entry, { split, index }] of places.entries()) {
        if (!wanted(entry)) continue;
        const { height, width, pixels, mask } = renderScene(config, split, index);
        const more = task === 'segmentation' ? { mask: { classes: mask, height, width } } : {};
        yield { entry, pixels, height, width, channels: 3, ...more };
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    return Promise.resolve({
      found: {
        chosen: `Scenes rendered by Selfsup, ${task}`,
        route: 'rendered here',
        settings: { task, sides, figures, train, test, seed },
        fingerprint: sha256(`scenes ${version}`),
        open: () => {
          const entries = places.map(({ split, index }): SourceEntry => {
            const boxes = renderScene(config, split, index).boxes.map((box) => ({ ...box, label: box.label + shift }));
            return { split, label: -1, path: `${split}/${index}`, annotations: { boxes } };
          });
          const classes = shift === 0 ? sceneClasses : ['ground', ...sceneClasses];
          return Promise.resolve({ classes, entries, images });
        },
      },
    });
  },
};

export default source;
