// Writes what the stages of a transfer to VOC read as plain files for the yardsticks: pixels, masks, boxes, flags, proposals.
// node --import tsx bench/yardsticks/voc/inputs.ts '{"dataset": <lmdb folder>, "proposals"?: <folder>, "splits": […], "to": <folder>}'
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openDataset } from '@selfsup/data/dataset';
import { openProposals } from '@selfsup/data/proposals';

const {
  dataset: folder,
  proposals: boxesFolder,
  splits,
  to,
} = JSON.parse(process.argv[2]!) as {
  readonly dataset: string;
  readonly proposals?: string;
  readonly splits: readonly string[];
  readonly to: string;
};
const dataset = openDataset(folder);
const { classes, digest, sizes } = dataset.manifest;
const frame = [sizes.height.greatest, sizes.width.greatest];
const proposals = boxesFolder === undefined ? undefined : openProposals(boxesFolder, digest);
mkdirSync(to, { recursive: true });

for (const split of splits) {
  const open = (kind: string): number => openSync(join(to, `${split}.${kind}`), 'w');
  const [pixels, masks, boxes] = [open('pixels'), open('masks'), open('proposals')];
  const images = Array.from({ length: dataset.count(split) }, (_, i) => {
    const picture = dataset.picture(split, i);
    writeSync(pixels, picture.pixels);
    const mask = dataset.mask(split, i);
    if (mask !== undefined) writeSync(masks, mask.classes);
    const proposed = proposals?.boxes(split, i) ?? new Float32Array();
    writeSync(boxes, new Uint8Array(proposed.buffer, proposed.byteOffset, proposed.byteLength));
    const { boxes: objects = [], presence } = dataset.annotations(split, i);
    const { height, width } = picture;
    return { name: dataset.sourcePath(split, i), height, width, objects, presence, proposals: proposed.length / 4 };
  });
  [pixels, masks, boxes].forEach(closeSync);
  writeFileSync(join(to, `${split}.json`), JSON.stringify({ classes, frame, images }));
}
proposals?.close();
await dataset.close();
