import type { Command } from 'commander';
import { expect, test } from 'vitest';

const wrong = ['abc', '', '-1', '1e999', '0x10', '1,5'];

test.each([
  ['run', '--max-minutes', ['0', ...wrong], '40000', 40_000],
  ['stage', '--max-minutes', ['0', ...wrong], '0.5', 0.5],
  ['compare', '--max-minutes', ['0', ...wrong], '90', 90],
  ['gc', '--min-age', wrong, '0', 0],
  ['export', '--shard-size', ['0', ...wrong], '2.5', 2.5],
  ['run', '--seed', ['1.5', '4294967296', ...wrong], '4294967295', 4_294_967_295],
  ['stage', '--seed', ['1.5', ...wrong], '0', 0],
  ['why', '--seed', ['1.5', ...wrong], '7', 7],
  ['accept', '--seed', ['1.5', ...wrong], '7', 7],
  ['discard', '--seed', ['1.5', ...wrong], '7', 7],
])('%s %s takes numbers alone', async (name, flag, refused, text, value) => {
  const { default: command } = (await import(`./commands/${name}.ts`)) as { default: Command };
  const parse = command.options.find(({ long }) => long === flag)!.parseArg as (
    text: string,
    before: unknown,
  ) => unknown;
  for (const one of refused) expect(() => parse(one, undefined), one).toThrow(/^Give a (whole )?number /);
  expect(parse(text, undefined)).toBe(value);
});
