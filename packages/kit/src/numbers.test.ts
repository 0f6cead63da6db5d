import { expect, test } from 'vitest';
import { UserError } from './errors.ts';
import { allFinite, describeRange, numberVariable, parseNumber } from './numbers.ts';

test.each([
  ['90', 90],
  ['0.5', 0.5],
  ['.5', 0.5],
  ['1e3', 1000],
  ['40000', 40_000],
])('%s is a number above 0', (text, value) => {
  expect(parseNumber(text, { above: 0 })).toBe(value);
});

test.each(['abc', '', ' ', '-1', '0', 'NaN', 'Infinity', '1e999', '0x10', '5 minutes', '1,5', '1_000'])(
  "'%s' is no number above 0",
  (text) => {
    expect(parseNumber(text, { above: 0 })).toBeUndefined();
  },
);

test('whole numbers are exact and in range', () => {
  const seed = { whole: true, atLeast: 0, atMost: 2 ** 32 - 1 };
  expect(parseNumber('4294967295', seed)).toBe(4_294_967_295);
  expect(parseNumber('4294967296', seed)).toBeUndefined();
  expect(parseNumber('1.5', seed)).toBeUndefined();
  expect(parseNumber('99999999999999999999', { whole: true })).toBeUndefined();
});

test('a variable is refused by its name, with the range', () => {
  const range = { whole: true, atLeast: 1, atMost: 9999 };
  expect(describeRange(range)).toBe('a whole number from 1 to 9999');
  expect(describeRange({ above: 0 })).toBe('a number above 0');
  expect(describeRange({ atLeast: 0 })).toBe('a number from 0 on');
  let refusal: unknown;
  try {
    numberVariable('SELFSUP_THREADS', range, { SELFSUP_THREADS: 'many' });
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(UserError);
  expect(refusal).toMatchObject({ field: 'SELFSUP_THREADS', remedy: expect.stringContaining('from 1 to 9999') });
  expect(numberVariable('SELFSUP_THREADS', range, { SELFSUP_THREADS: '' })).toBeUndefined();
});

test('a value that is not finite is seen wherever it stands', () => {
  for (const count of [1, 4, 7]) {
    const values = new Float32Array(count).fill(3e38);
    expect(allFinite(values)).toBe(true);
    for (const bad of [NaN, Infinity, -Infinity])
      for (let at = 0; at < count; at++)
        expect(allFinite(values.map((value, i) => (i === at ? bad : value)))).toBe(false);
  }
  expect(allFinite([])).toBe(true);
});
