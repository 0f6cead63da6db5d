import { expect, test } from 'vitest';
import { UserError } from '@selfsup/kit/errors';
import { gridOf, parseGrid, parseOverrides, settingsLabels, setVariantName, setWords, sweepName } from './overrides.ts';

function refused(...assignments: string[]): UserError {
  try {
    parseGrid(assignments);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return error as UserError;
  }
  throw new Error('no error');
}

test.each([
  ['a=1,2,3', [1, 2, 3]],
  ['a=x,y', ['x', 'y']],
  ['a=x, y', ['x', 'y']],
  ['a=true,null,1e-3,text', [true, null, 0.001, 'text']],
  ['a=[0,1]', [[0, 1]]],
  ['a=[0,1],[0,2]', [[0, 1], [0, 2]]], // prettier-ignore
  ['a="x,y"', ['x,y']],
  ['a="x,y",z', ['x,y', 'z']],
  ['a="x\\",y",z', ['x",y', 'z']],
  ['a={"b":[1,2]},{"b":3}', [{ b: [1, 2] }, { b: 3 }]],
  ['a={"b":"],"},4', [{ b: '],' }, 4]],
  ['a=5"wide,6"wide', ['5"wide', '6"wide']],
  ['a=', ['']],
  ['a=[', ['[']],
  ['a=b=c', ['b=c']],
])('%s', (assignment, values) => {
  expect(parseGrid([assignment])).toEqual(values.map((a) => ({ a })));
});

test('several paths make all combinations, the last one changing fastest', () => {
  expect(parseGrid(['a=1,2', 'b=x', 'c=3,4'])).toEqual([
    { a: 1, b: 'x', c: 3 },
    { a: 1, b: 'x', c: 4 },
    { a: 2, b: 'x', c: 3 },
    { a: 2, b: 'x', c: 4 },
  ]);
  expect(parseGrid([])).toEqual([]);
});

test.each([
  [['epochs'], '--set', /no assignment/],
  [['a=1', 'a=2'], '--set a', /twice/],
  [['a=1,2,1'], '--set a', /The value 1 stands twice/],
  [['a=1,"1",1.0'], '--set a', /The value 1 stands twice/],
  [['a=1,,2'], '--set a', /lacks a value/],
  [['a=1,'], '--set a', /lacks a value/],
  [['a=[1,2'], '--set a', /do not match/],
  [['a=1],2'], '--set a', /do not match/],
  [['a="x,y'], '--set a', /do not match/],
  [[`a=${numbers(40)}`, `b=${numbers(40)}`], '--set b', /1600 variants/],
])('%j is refused by its place', (assignments, field, says) => {
  const error = refused(...assignments);
  expect(error.field).toBe(field);
  expect(error.message).toMatch(says);
  expect(error.remedy).toBeDefined();
});

function numbers(count: number): string {
  return Array.from({ length: count }, (_, i) => i).join(',');
}

test('a command about one variant takes one value of each', () => {
  expect(parseOverrides(['a=1', 'b=[1,2]'])).toEqual({ a: 1, b: [1, 2] });
  expect(parseOverrides([])).toEqual({});
  expect(() => parseOverrides(['a=1,2'])).toThrow(/about one variant/);
});

test('the words of overrides are read as the same overrides', () => {
  for (const words of [['a.b=2', 'c={"d":[1,"e"]}', 'f=text with spaces', 'g="7"', 'h=', 'i="x,y"', 'j="two\\nlines"']])
    expect(setWords(parseOverrides(words))).toEqual(words);
});

test('a name tells values apart, and is the same in any order and beside any others', () => {
  const name = setVariantName('base', { 'pretrain.config.epochs': 2 });
  expect(name).toMatch(/^set-pretrain-config-epochs-2-[0-9a-f]{6}$/);
  expect(parseGrid(['pretrain.config.epochs=1,2,3']).map((one) => setVariantName('base', one))[1]).toBe(name);
  expect(setVariantName('rotnet', { 'a.b': 1.5 })).not.toBe(setVariantName('rotnet', { 'a.b': '1-5' }));
  expect(setVariantName('rotnet', { a: 1, b: 2 })).toBe(setVariantName('rotnet', { b: 2, a: 1 }));
});

test('people see the settings that differ, in as many words as tell them apart', () => {
  const points = parseGrid(['pretrain.config.epochs=1,2', 'linear.config.epochs=3,4', 'pretrain.config.batchSize=8']);
  expect(settingsLabels(points)[1]).toBe('pretrain.epochs=1, linear.epochs=4');
  expect(sweepName('toy', points)).toMatch(/^toy-pretrain-epochs-linear-epochs-[0-9a-f]{6}$/);
  expect(settingsLabels([{ 'pretrain.config.epochs': 2 }])).toEqual(['epochs=2']);
  expect(settingsLabels([{ 'a.config.x': 'p' }, { 'a.config.x': 'p', 'a.config.y': [1] }])).toEqual(['plain', 'y=[1]']);
});

test('the place of a value that stands twice is that of a file where it is in one', () => {
  const where = (path: string) => ({ file: 'study.json', field: `grid.${path}` });
  expect(() => gridOf({ a: [1, 1] }, where)).toThrow(expect.objectContaining({ file: 'study.json', field: 'grid.a' }));
});
