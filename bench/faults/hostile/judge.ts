import { UserError } from '@selfsup/kit/errors';

/** What engines say of programs that err, which tells a user nothing of a file. */
const programErred = new RegExp(
  [
    'Cannot (?:read propert|set propert|destructure|convert|mix|access)',
    'is not (?:a function|iterable|a constructor|defined|extensible)',
    'Invalid (?:typed )?array|Invalid string length|Invalid time|call stack|Array buffer allocation|allocation failed',
    'is out of range|outside the bounds|should be a multiple of|must be of type|ERR_',
    String.raw`(?<!received )\bundefined\b|\[object |\bNaN ×|× NaN|wrong arguments`,
  ].join('|'),
);

const programErrors = [TypeError, RangeError, ReferenceError, EvalError, URIError];

/** What is wrong with a text that a user is shown as the reason, or undefined where it tells of the file. */
export function unclear(text: string): string | undefined {
  // What is quoted comes from the file.
  const said = text.replaceAll(/"(?:[^"\\]|\\.)*"|'[^']*'/g, '""');
  return programErred.test(said) ? `unclear: ${text.slice(0, 200)}` : undefined;
}

/** What is wrong with what was thrown where a user is told of a `UserError` and anything else counts as a bug. */
export function fault(thrown: unknown): string | undefined {
  if (!(thrown instanceof UserError)) return `no UserError: ${String((thrown as Error).stack ?? thrown).slice(0, 500)}`;
  for (let cause: unknown = thrown.cause; cause instanceof Error; cause = cause.cause) {
    if (programErrors.some((kind) => cause instanceof kind)) {
      return `caused by ${cause.stack?.slice(0, 400)}`;
    }
  }
  return unclear(thrown.message);
}
