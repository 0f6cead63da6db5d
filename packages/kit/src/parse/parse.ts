import { readFileSync } from 'node:fs';
import { z, type ZodType } from 'zod';
import { UserError } from '../errors.ts';
import { didYouMean } from './did-you-mean.ts';
import { parseJson, parseJsonLines } from './json-text.ts';
import { remedyFor } from './remedy.ts';

export { distinct } from './distinct.ts';
export { didYouMean, parseJson, parseJsonLines };

type Issue = z.core.$ZodIssue;

/** Reads a JSON file. Throws `UserError` naming the file, and the place of a syntax error. */
export function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UserError(`Cannot read: ${(cause as Error).message}`, {
      file,
      remedy: 'It has to be a file that can be read.',
      cause,
    });
  }
  return parseJson(text, file);
}

/**
 * Checks `value` by `schema`. Throws `UserError` naming the file and the dotted field below `prefix`, with the
 * nearest known key where one was mistyped and what may stand there as the remedy; further problems are listed in the same error.
 */
export function parseOrExplain<T>(schema: ZodType<T>, value: unknown, file: string | undefined, prefix = ''): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => explain(issue, schema, value, prefix));
  const [first, ...others] = problems;
  const more = others.map((problem) => `\n  also:   ${problem.field}: ${problem.message}`).join('');
  throw new UserError(`${first!.message}${more}`, {
    file,
    field: first!.field,
    // Asked for here, among what an error says: how a problem is worded is in no key.
    remedy:
      first!.remedy ?? remedyFor(result.error.issues, value, first!.field.slice(prefix === '' ? 0 : prefix.length + 1)),
  });
}

interface Problem {
  field: string;
  message: string;
  remedy?: string | undefined;
}

function explain(
  issue: Issue,
  schema: ZodType,
  value: unknown,
  prefix: string,
  base: readonly PropertyKey[] = [],
): Problem[] {
  const path = [...base, ...issue.path];
  const field = [prefix, ...path.map(String)].filter((part) => part !== '').join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, value, path);
    return issue.keys.map((key) => {
      const near = didYouMean(key, known);
      return {
        field: field === '' ? key : `${field}.${key}`,
        message: `Unknown key '${key}'${near === undefined ? '' : `; did you mean '${near}'?`}`,
        remedy: known.length > 0 ? `Known keys here: ${known.join(', ')}.` : undefined,
      };
    });
  }
  // What is wrong with a key stands within.
  if (issue.code === 'invalid_key') return [{ field, message: issue.issues.map((one) => one.message).join('; ') }];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The branch that was meant: among those that looked into the value, the one with the fewest problems.
    const depth = (issues: readonly Issue[]): number => Math.max(0, ...issues.map((part) => part.path.length));
    const problems = (issues: readonly Issue[]): number =>
      issues.reduce((sum, part) => sum + (part.code === 'unrecognized_keys' ? part.keys.length : 1), 0);
    const [meant] = issue.errors
      .filter((issues) => depth(issues) > 0 || issues.some((part) => part.code === 'unrecognized_keys'))
      .sort((a, b) => problems(a) - problems(b) || depth(b) - depth(a));
    if (meant !== undefined) return meant.flatMap((part) => explain(part, schema, value, prefix, path));
    // None got anywhere: what the branches that take a value of this type ask for, or all of them.
    const ofThisType = issue.errors.filter((issues) => issues.every((part) => part.code !== 'invalid_type'));
    const asked = (ofThisType.length > 0 ? ofThisType : issue.errors).flat().map((part) => part.message);
    return [{ field: field === '' ? '(the whole file)' : field, message: [...new Set(asked)].join('; or ') }];
  }
  return [{ field: field === '' ? '(the whole file)' : field, message: issue.message }];
}

/** Keys that `schema` knows at `path`, over all branches of unions but those that name another kind than `value` does. */
function knownKeys(schema: ZodType, value: unknown, path: readonly PropertyKey[]): string[] {
  interface Node {
    const?: unknown;
    properties?: Record<string, Node>;
    additionalProperties?: Node | boolean;
    items?: Node;
    anyOf?: Node[];
    oneOf?: Node[];
    allOf?: Node[];
    $ref?: string;
  }
  let root: Node;
  try {
    root = z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input', reused: 'inline' }) as Node;
  } catch {
    return [];
  }
  const branches = (node: Node, at: unknown): Node[] =>
    ofThisKind(node, at)
      ? [
          node,
          ...[...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])].flatMap((one) => branches(one, at)),
        ]
      : [];
  const ofThisKind = ({ properties = {} }: Node, at: unknown): boolean =>
    Object.entries(properties).every(([key, { const: kind }]) => {
      const given = (at as Record<string, unknown> | null | undefined)?.[key];
      return kind === undefined || given === undefined || given === kind;
    });
  let at = value;
  let nodes = branches(root, at);
  for (const step of path) {
    at = (at as Record<PropertyKey, unknown> | null | undefined)?.[step];
    nodes = nodes
      .flatMap((node) => [
        node.properties?.[String(step)],
        typeof step === 'number' ? node.items : undefined,
        typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined,
      ])
      .filter((node) => node !== undefined)
      .flatMap((node) => branches(node, at));
  }
  return [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))];
}
