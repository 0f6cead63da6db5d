import { InvalidArgumentError } from 'commander';
import { describeRange, minutesRange, type NumberRange, parseNumber } from '@selfsup/kit/numbers';

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

/** A time limit in minutes, however long. */
export const minutesOption = numberOption(minutesRange);
