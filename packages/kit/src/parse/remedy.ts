// @no-effect-on-results
import type { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';

type Issue = z.core.$ZodIssue;

/** What people call the types of a schema. */
const types: Readonly<Record<string, string>> = {
  ...{ number: 'a number', int: 'a whole number', string: 'a text', boolean: 'true or false' },
  ...{ array: 'a list in brackets', tuple: 'a list in brackets', object: 'an object in braces', record: 'an object in braces' }, // prettier-ignore
};

/**
 * What to do about a problem that a schema has found, as one sentence: what may stand there, and of names the nearest to the
 * one given. `field` is its dotted path in `value`. Undefined where there is no more to say than the problem's own message.
 */
export function remedyFor(issues: readonly Issue[], value: unknown, field: string): string | undefined {
  const found = issues
    .flatMap((issue) => leavesOf(issue, []))
    .filter(({ path }) => path.map(String).join('.') === field);
  const accepted = [...new Set(found.flatMap(({ issue }) => acceptedBy(issue)))];
  if (accepted.length === 0) return undefined;
  const given = valueAt(value, found[0]!.path);
  const names = found.flatMap(({ issue }) => namesOf(issue));
  const near = typeof given === 'string' ? didYouMean(given, names) : undefined;
  const instead = given === undefined ? '' : ` in the place of ${JSON.stringify(given)}`;
  return `${near === undefined ? '' : `Did you mean ${near}? `}Give ${accepted.join(', or ')}${instead}.`;
}

interface Leaf {
  readonly issue: Issue;
  readonly path: readonly PropertyKey[];
}

/** The issues within those of unions, each with its whole path. */
function leavesOf(issue: Issue, above: readonly PropertyKey[]): Leaf[] {
  const path = [...above, ...issue.path];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ issue, path }];
  return issue.errors.flat().flatMap((inner) => leavesOf(inner, path));
}

function acceptedBy(issue: Issue): string[] {
  const names = namesOf(issue);
  if (names.length > 0) return [`one of ${names.join(', ')}`];
  switch (issue.code) {
    case 'invalid_type':
      return [types[issue.expected] ?? issue.expected];
    case 'too_small':
      return [bounded(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum)];
    case 'too_big':
      return [bounded(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum)];
    case 'not_multiple_of':
      return [`a multiple of ${issue.divisor}`];
    default:
      return [];
  }
}

function bounded(origin: string, how: string, bound: number | bigint): string {
  if (origin === 'array' || origin === 'set') return `${how} ${bound} ${bound === 1 ? 'entry' : 'entries'}`;
  if (origin === 'string') return `${how} ${bound} ${bound === 1 ? 'letter' : 'letters'}`;
  return `${types[origin] ?? 'a number'} of ${how} ${bound}`;
}

/** The values among which one has to be chosen. */
function namesOf(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  return issue.code === 'invalid_union' && 'options' in issue ? (issue.options ?? []).map(String) : [];
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key], value);
}
