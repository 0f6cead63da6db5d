import { expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { parseJson, parseJsonLines } from './json-text.ts';

test('JSON is read', () => {
  expect(parseJson('{"a": [1]}\n', 'a.json')).toEqual({ a: [1] });
});

test('of lines those that are whole are read', () => {
  expect(parseJsonLines('{"a": 1}\n[2]\n{"a": ')).toEqual([{ a: 1 }, [2]]);
  expect(parseJsonLines('')).toEqual([]);
});

test.each([
  ['\uFEFF{}', /byte order mark/, /without a byte order mark/],
  ['{"a": [1,]}', /Not valid JSON/, /comma/],
  ['', /Not valid JSON/, /syntax/],
])('%j is refused with the file and what to do', (text, says, remedy) => {
  let refusal: unknown;
  try {
    parseJson(text, 'experiment.json');
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(UserError);
  expect(refusal).toMatchObject({ file: 'experiment.json' });
  expect((refusal as UserError).message).toMatch(says);
  expect((refusal as UserError).remedy).toMatch(remedy);
});
