import { expect, test } from 'vitest';
import { readSwitches } from './switches.ts';

test('steps are compiled and silent unless the environment says otherwise', () => {
  expect(readSwitches({})).toEqual({ eager: false, traces: false });
  expect(readSwitches({ SELFSUP_EAGER: '1', SELFSUP_TRACES: '1' })).toEqual({ eager: true, traces: true });
  expect(readSwitches({ SELFSUP_EAGER: '', SELFSUP_TRACES: '0' })).toEqual({ eager: false, traces: false });
});

test.each(['SELFSUP_EAGER', 'SELFSUP_TRACES'])('%s is 0 or 1', (name) => {
  expect(() => readSwitches({ [name]: 'yes' })).toThrow(`${name} is 'yes'`);
});
