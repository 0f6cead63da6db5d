import { expect, test } from 'vitest';
import { assignmentCsv } from './assignment-csv.ts';

test('a line for each image by its path, quoted where it must be', () => {
  const paths = ['train/cat/1.png', 'a, "b".png'];
  const clustering = { assignment: Int32Array.of(3, 0), distances: Float32Array.of(0.25, 1e-9), objective: 0.25 };
  expect(assignmentCsv(clustering, (place) => paths[place]!)).toBe(
    'path,cluster,distance\ntrain/cat/1.png,3,0.25\n"a, ""b"".png",0,1e-9\n',
  );
});
