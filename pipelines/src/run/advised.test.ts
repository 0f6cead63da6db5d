import { expect, test } from 'vitest';
import type { Progress } from '@selfsup/kit/progress';
import { advised } from './advised.ts';

test('a warning that the work takes too long here names the small twin, others do not', () => {
  const lines: string[] = [];
  const phase: Progress['phase'] = () => ({ advance: () => undefined, done: () => undefined });
  const progress: Progress = { phase, note: (text) => void lines.push(text), warn: (text) => void lines.push(text) };
  for (const twin of ['rotnet-small', undefined]) advised(progress, twin).warn('About 32.5 h', 'slow');
  advised(progress, 'rotnet-small').warn('Disk full');
  advised(progress, 'rotnet-small').note('started');
  const named = 'About 32.5 h; its small twin fits this machine: npx nx run pipeline:rotnet-small';
  expect(lines).toEqual([named, 'About 32.5 h', 'Disk full', 'started']);
});
