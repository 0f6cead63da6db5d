import { UserError } from '@selfsup/kit/errors';
import { z, type ZodType } from 'zod';

/** A schema without what makes it optional; of a choice, the object in it. */
function unwrapped(schema: unknown): unknown {
  let part = schema;
  while (part instanceof z.ZodOptional || part instanceof z.ZodDefault || part instanceof z.ZodPrefault)
    part = part.unwrap();
  if (part instanceof z.ZodUnion) return part.options.find((one: unknown) => one instanceof z.ZodObject) ?? part;
  return part;
}

/** Known keys at a path inside a schema, where that part is an object. */
function knownKeys(schema: unknown, path: readonly PropertyKey[]): string[] {
  let part: unknown = schema;
  for (const step of path) {
    part = unwrapped(part);
    if (part instanceof z.ZodObject) part = (part.shape as Record<string, unknown>)[String(step)];
    else if (part instanceof z.ZodArray) part = part.element;
    else return [];
  }
  part = unwrapped(part);
  return part instanceof z.ZodObject ? Object.keys(part.shape as object) : [];
}

/**
 * `value` checked against a strict schema. Throws `UserError` naming the file and the field, and for an unknown key
 * the keys there are.
 *
 * @param at where `value` lies inside the file, such as `sources.0`
 */
export function checkConfig<A>(schema: ZodType<A>, value: unknown, file: string | undefined, at = ''): A {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const path = [...(at === '' ? [] : [at]), ...issue.path.map(String)];
  if (issue.code === 'unrecognized_keys') {
    const keys = knownKeys(schema, issue.path);
    throw new UserError(`Unknown key ${issue.keys.map((key) => `"${key}"`).join(', ')}`, {
      file,
      field: [...path, issue.keys[0]].join('.'),
      remedy: keys.length === 0 ? 'Remove it.' : `Known keys here: ${keys.join(', ')}.`,
    });
  }
  throw new UserError(issue.message, { file, field: path.join('.') || undefined, remedy: 'Correct this field.' });
}
