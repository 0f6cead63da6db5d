import { readMatFile, type MatValue } from '../formats/mat-file.ts';

/** Boxes of images by their names. */
export type NamedBoxes = ReadonlyMap<string, Float32Array>;

function cellsIn(variables: Readonly<Record<string, MatValue>>, name: string): readonly MatValue[] {
  const cells = variables[name];
  if (!Array.isArray(cells)) throw new Error(`it holds no cells "${name}"`);
  return cells as readonly MatValue[];
}

/**
 * Reads a MATLAB file of proposals as R-CNN's authors publish them (`voc_2007_test.mat`): cells `boxes`, each with a row of top,
 * left, bottom and right for every box, counted from 1 with the last pixel included, and cells `images` with the names of the
 * images. Gives [count, 4] left, top, right, bottom on pixel borders, in the order of the file. Throws `Error` where it is
 * something else.
 */
export function readPublishedBoxes(content: Buffer): NamedBoxes {
  const variables = readMatFile(content);
  const all = cellsIn(variables, 'boxes');
  const names = cellsIn(variables, 'images');
  if (names.length !== all.length) throw new Error(`it has ${all.length} cells of boxes and ${names.length} names`);
  const found = new Map<string, Float32Array>();
  for (const [i, value] of all.entries()) {
    const name = names[i];
    if (typeof name !== 'string' || name === '') throw new Error(`image ${i + 1} has no name`);
    if (found.has(name)) throw new Error(`the image ${name} is there twice`);
    if (!Array.isArray(value) || value.length % 4 !== 0)
      throw new Error(`the boxes of ${name} are no rows of four numbers`);
    const columns = value as readonly number[];
    const count = columns.length / 4;
    const boxes = new Float32Array(columns.length);
    for (let row = 0; row < count; row++) {
      const [top, left, bottom, right] = [0, 1, 2, 3].map((column) => columns[column * count + row]!);
      if (!(left! >= 1 && top! >= 1 && right! >= left! && bottom! >= top!)) {
        throw new Error(`box ${row + 1} of ${name} is no box: ${[top, left, bottom, right].join(', ')}`);
      }
      boxes.set([left! - 1, top! - 1, right!, bottom!], 4 * row);
    }
    found.set(name, boxes);
  }
  return found;
}
