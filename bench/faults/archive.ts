import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jpegEncode } from '@selfsup/data/pictures';
import { smoothPixels, tarOf } from '@selfsup/data/testing/archives';

/** A dataset of JPEGs in a tar, two of them damaged. */
export const archive = 'faults-archive';

/** Adds that dataset to a checkout. */
export async function addArchive(root: string): Promise<void> {
  const folder = join(root, 'pipelines/datasets', archive);
  mkdirSync(folder, { recursive: true });
  const images = Array.from({ length: 240 }, (_, i): [string, Buffer] => {
    const picture = { pixels: smoothPixels(i, 48, 3), height: 48, width: 48, channels: 3 } as const;
    const jpeg = jpegEncode(picture, 90);
    return [`class-${i % 4}/${i}.jpg`, i % 100 === 50 ? jpeg.subarray(0, jpeg.length / 2) : jpeg];
  });
  writeFileSync(join(folder, 'images.tar'), await tarOf(Object.fromEntries(images)));
  const sources = [{ type: 'folder', path: join(folder, 'images.tar') }];
  const store = { encoding: 'jpeg', shorterSide: 40, quality: 95 };
  writeFileSync(join(folder, 'dataset.json'), JSON.stringify({ sources, store, quarantine: { atMost: 0.02 } }));
}
