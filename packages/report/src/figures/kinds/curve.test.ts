import { expect, test } from 'vitest';
import type { StageRow } from '../../input.ts';
import curveKind, { type Curve } from './curve.ts';

const course = [1, 2, 3].map((epoch) => ({ epoch, loss: 1 / epoch }));

test('what was measured over time has a chart, what was measured once has none', () => {
  const once = rendered({ train: course, test: [{ epoch: 3, map: 26.5 }], percent: ['map'] });
  expect(once).toContain('loss, training');
  expect(once).not.toContain('map, test');
  const often = course.map(({ epoch }) => ({ epoch, map: 8 * epoch }));
  expect(rendered({ train: [], test: often, percent: ['map'] })).toContain('map, test');
});

test('a stage with nothing to draw has no heading', () => {
  expect(rendered({ train: course, test: [], percent: [] })).toContain('<h3>voc</h3>');
  expect(rendered({ train: course.slice(0, 1), test: [], percent: [] })).not.toContain('<h3>voc</h3>');
});

function rendered(data: Curve): string {
  const row: StageRow = {
    ...{ variant: 'rotnet', seed: 1, stage: 'voc', uses: 'eval/voc-classification' },
    ...{ config: {}, metrics: [], figures: [] },
  };
  return curveKind.render([{ row, data }], { variants: ['rotnet'], seeds: [1] }).text;
}
