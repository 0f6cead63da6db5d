// @no-effect-on-results
import { UserError } from '../errors.ts';

/** The value of a JSON file's text. Throws `UserError` naming the file, and the place of a syntax error. */
export function parseJson(text: string, file: string): unknown {
  if (text.startsWith('\uFEFF')) {
    throw new UserError('Not valid JSON: it begins with a byte order mark, which editors do not show', {
      file,
      remedy: 'Save it as UTF-8 without a byte order mark (BOM).',
    });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new UserError(`Not valid JSON: ${(cause as Error).message}`, {
      file,
      remedy: 'Mend the syntax (a comma too many before } or ] is the commonest slip); an editor shows the place.',
      cause,
    });
  }
}

/** The values of the lines of a text that are whole: of a file that is being written, or was cut off, the last one may not be. */
export function parseJsonLines(text: string): unknown[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      return [];
    }
  });
}
