// @no-effect-on-results
import { UserError } from './errors.ts';

/** Which numbers a setting takes. */
export interface NumberRange {
  /** Only whole ones. */
  readonly whole?: boolean;
  /** Greater than this. */
  readonly above?: number;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** The number that `text` writes in decimals (`90`, `0.5`, `2e3`) if it lies in `range`; undefined for all else. */
export function parseNumber(text: string, range: NumberRange): number | undefined {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text.trim())) return undefined;
  const value = Number(text);
  const { whole = false, above = -Infinity, atLeast = -Infinity, atMost = Infinity } = range;
  const fits = whole ? Number.isSafeInteger(value) : Number.isFinite(value);
  return fits && value > above && value >= atLeast && value <= atMost ? value : undefined;
}

/** A range in words: `a whole number from 1 to 9999`, `a number above 0`. */
export function describeRange({ whole = false, above, atLeast, atMost }: NumberRange): string {
  const words = [whole ? 'a whole number' : 'a number'];
  if (above !== undefined) words.push(`above ${above}`);
  if (atLeast !== undefined) words.push(`from ${atLeast}${atMost === undefined ? ' on' : ''}`);
  if (atMost !== undefined) words.push(`${atLeast === undefined ? 'up ' : ''}to ${atMost}`);
  return words.join(' ');
}

/**
 * The number in an environment variable; undefined where it is unset or empty. Throws `UserError` naming the variable
 * where it is no number in `range`.
 */
export function numberVariable(
  name: string,
  range: NumberRange,
  environment: NodeJS.ProcessEnv = process.env,
): number | undefined {
  const text = environment[name];
  if (text === undefined || text === '') return undefined;
  const value = parseNumber(text, range);
  if (value !== undefined) return value;
  throw new UserError(`${name} is '${text}'`, {
    field: name,
    remedy: `Set it to ${describeRange(range)}, or unset it.`,
  });
}

/** What a limit in minutes may be. */
export const minutesRange: NumberRange = { above: 0 };

/** `SELFSUP_MAX_MINUTES`; undefined where there is no limit. Throws `UserError` for what is no positive number. */
export function maxMinutes(): number | undefined {
  return numberVariable('SELFSUP_MAX_MINUTES', minutesRange);
}

/** Whether no value is NaN or infinite, by sums, which finite float32 values cannot overflow in float64. */
export function allFinite(values: ArrayLike<number>): boolean {
  const whole = values.length - (values.length % 4);
  // Four of them, which do not wait for each other.
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a += values[i]!;
    b += values[i + 1]!;
    c += values[i + 2]!;
    d += values[i + 3]!;
  }
  for (let i = whole; i < values.length; i++) a += values[i]!;
  return Number.isFinite(a + b + c + d);
}
