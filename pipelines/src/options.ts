import { InvalidArgumentError, type Command } from 'commander';
import { describeRange, minutesRange, parseNumber, type NumberRange } from '@selfsup/kit/numbers';

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

/** Makes the parser of an option that takes a number in `range`. It throws what commander shows with the option's name. */
export function numberOption(range: NumberRange): (value: string) => number {
  return (value) => {
    const number = parseNumber(value, range);
    if (number === undefined) throw new InvalidArgumentError(`Give ${describeRange(range)}.`);
    return number;
  };
}

/** A seed, as `seeds` of an experiment takes it. */
export const seedOption = numberOption({ whole: true, atLeast: 0, atMost: 0xffffffff });

/** A number of processes: a power of two, since they add in pairs. */
export function processesOption(value: string): number {
  const number = parseNumber(value, { whole: true, atLeast: 1, atMost: 4096 });
  if (number === undefined || !Number.isInteger(Math.log2(number)))
    throw new InvalidArgumentError('Give a power of two: 1, 2, 4, …');
  return number;
}

/** A time limit in minutes, however long. */
export const minutesOption = numberOption(minutesRange);

/** A day as `2026-11-27`, or a time of it; the text itself, which sorts as dates do. Throws what commander shows. */
export function dayOption(value: string): string {
  const isDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z?)?$/.test(value) && !Number.isNaN(Date.parse(value));
  if (!isDate)
    throw new InvalidArgumentError('Give a day such as 2026-11-27, or a time of it such as 2026-11-27T18:00.');
  return value;
}

/** How many stages at once. */
export const atOnceOption = numberOption({ whole: true, atLeast: 1, atMost: 1000 });

/** What `withAsked` reads. */
export interface AskedOptions {
  set: string[];
  data: string[];
  variant?: string;
  seed?: number;
  stage?: string;
}

/** Adds the options, and the argument, by which a command is told what of an experiment, comparison or study is meant. */
export function withAsked(command: Command, argument = '<experiment, comparison or study.json>'): Command {
  return command
    .argument(argument)
    .option('--set <path=value>', 'make a variant with this override; several values make several', collect, [])
    .option('--data <name=other>', 'make a variant of it with another dataset in the place of one', collect, [])
    .option('--variant <name>', 'only this variant')
    .option('--seed <n>', 'only this seed, which need not stand in the file', seedOption)
    .option('--stage <name>', 'only this stage and what it needs');
}
