import { expect, test } from 'vitest';
import { openDataset } from '../../dataset.ts';
import { ingestSection, workplace } from '../../testing/workplace.ts';
import { renderScene, sceneClasses } from './render-scene.ts';
import scenes from './scenes.ts';

const folder = await workplace();
const settings = { sides: [40, 60], figures: [1, 3], seed: 1 } as const;
const all = Array.from({ length: 40 }, (_, index) => renderScene(settings, 'train', index));

test('every class takes its turn; sizes, numbers and colours vary; the same arguments give the same bits', () => {
  expect(new Set(all.slice(0, 5).map(({ boxes }) => boxes[0]!.label)).size).toBe(sceneClasses.length);
  expect(new Set(all.map(({ height, width }) => `${height} × ${width}`)).size).toBeGreaterThan(20);
  expect(new Set(all.map(({ boxes }) => boxes.length))).toEqual(new Set([1, 2, 3]));
  expect(renderScene(settings, 'train', 7)).toEqual(all[7]);
  expect(renderScene(settings, 'test', 7).pixels).not.toEqual(all[7]!.pixels);
});

test('boxes hold their figures in the mask; edges are void; what is hidden by more than half is difficult', () => {
  for (const { boxes, mask, width, height } of all) {
    expect(mask.some((value) => value === 255)).toBe(true);
    for (const label of new Set(boxes.map((box) => box.label))) {
      const own = boxes.filter((box) => box.label === label);
      mask.forEach((value, place) => {
        if (value !== label + 1) return;
        const [x, y] = [place % width, Math.floor(place / width)];
        const inside = own.some(({ left, top, right, bottom }) => x >= left && x < right && y >= top && y < bottom);
        expect(inside).toBe(true);
      });
      if (!own.some(({ difficult }) => difficult)) expect(mask.includes(label + 1)).toBe(true);
    }
    for (const { left, top, right, bottom } of boxes)
      expect(left >= 0 && top >= 0 && right <= width && bottom <= height && left < right && top < bottom).toBe(true);
  }
  expect(all.some(({ boxes }) => boxes.some(({ difficult }) => difficult))).toBe(true);
});

test('is ingested with boxes, and for segmentation with masks behind the ground', async () => {
  const store = { store: { encoding: 'jpeg' } };
  const section = { type: 'scenes', train: 6, test: 3 };
  const plain = openDataset((await ingestSection(folder, 'boxes', section, store)).folder);
  expect([plain.count('train'), plain.count('test'), plain.hasMask('train', 0)]).toEqual([6, 3, false]);
  const { boxes } = renderScene({ sides: [48, 72], figures: [1, 3], seed: 1 }, 'test', 1);
  expect(plain.annotations('test', 1)).toEqual({ boxes });
  await plain.close();
  const masks = openDataset((await ingestSection(folder, 'masks', { ...section, task: 'segmentation' }, store)).folder);
  expect(masks.manifest.classes).toEqual(['ground', ...sceneClasses]);
  const { mask, height, width } = renderScene({ sides: [48, 72], figures: [1, 3], seed: 1 }, 'train', 2);
  expect(masks.mask('train', 2)).toEqual({ classes: mask, height, width });
  expect(masks.annotations('train', 0).boxes!.every(({ label }) => label > 0)).toBe(true);
  await masks.close();
});

test('bounds that are the wrong way round are refused', () => {
  expect(() => scenes.schema.parse({ type: 'scenes', sides: [60, 40] })).toThrow(/first must not be above/);
  expect(() => scenes.schema.parse({ type: 'scenes', figures: [0, 2] })).toThrow();
});
