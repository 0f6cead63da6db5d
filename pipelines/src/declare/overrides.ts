import { UserError } from '@selfsup/kit/errors';
import { canonicalJson, sha256 } from '@selfsup/kit/files';

/** What takes the place of what is declared: dotted path from the stage on, such as `pretrain.config.epochs`, to value. */
export type Overrides = Readonly<Record<string, unknown>>;

/** How many variants one grid may make: as many elements as an array of Slurm has by default. */
const mostPoints = 1000;

/** Parses `--set` arguments that give one value each: of a command that is about one variant. Throws `UserError`. */
export function parseOverrides(assignments: readonly string[]): Overrides {
  const points = parseGrid(assignments);
  if (points.length <= 1) return points[0] ?? {};
  throw new UserError('--set gives several values, and this command is about one variant', {
    field: '--set',
    remedy: 'Give one value of each. A text that holds a comma is written in quotes: --set \'a.b="x,y"\'.',
  });
}

/**
 * The overrides that `--set` arguments stand for: `a.b=1,2` with `c=x,y` make four, the last path changing fastest; none
 * without arguments. A value is JSON where it parses as such, else text. What is JSON as a whole is one value: a list
 * stands in brackets, a text with a comma in quotes. Throws `UserError` for what is no assignment, for a path or a value
 * that stands twice, and where brackets or quotes are left open between commas.
 */
export function parseGrid(assignments: readonly string[]): Overrides[] {
  const values = new Map<string, unknown[]>();
  for (const assignment of assignments) {
    const [, path, text] = /^([^=\s]+)=(.*)$/s.exec(assignment) ?? [];
    if (path === undefined || text === undefined) {
      throw new UserError(`--set ${assignment} is no assignment`, {
        field: '--set',
        remedy: 'Write it as --set <stage>.config.<key>=<value>, such as --set pretrain.config.epochs=2.',
      });
    }
    if (values.has(path)) {
      throw new UserError(`--set names ${path} twice`, {
        field: `--set ${path}`,
        remedy: `Give all its values at once: --set ${path}=1,2.`,
      });
    }
    values.set(path, valuesOf(text, path));
  }
  return values.size === 0 ? [] : gridOf(Object.fromEntries(values), (path) => ({ field: `--set ${path}` }));
}

/**
 * All combinations of the values of each path, the last path changing fastest. Throws `UserError`, with the place that
 * `where` gives, for a value that stands twice, and for more than a thousand combinations.
 */
export function gridOf(
  values: Readonly<Record<string, readonly unknown[]>>,
  where: (path: string) => { file?: string; field: string },
): Overrides[] {
  let points: Overrides[] = [{}];
  for (const [path, each] of Object.entries(values)) {
    const texts = each.map(canonicalJson);
    const twice = texts.find((text, i) => texts.indexOf(text) !== i);
    if (twice !== undefined) {
      throw new UserError(`The value ${twice} stands twice`, { ...where(path), remedy: 'Leave one of them out.' });
    }
    if (points.length * each.length > mostPoints) {
      throw new UserError(`The grid makes ${points.length * each.length} variants and more`, {
        ...where(path),
        remedy: `Take fewer values: at most ${mostPoints} variants are made at once.`,
      });
    }
    points = points.flatMap((point) => each.map((value) => ({ ...point, [path]: value })));
  }
  return points;
}

/** The `--set` arguments that stand for overrides, as `parseOverrides` reads them. */
export function setWords(overrides: Overrides): string[] {
  return Object.entries(overrides).map(
    ([path, value]) => `${path}=${isPlainText(value) ? value : JSON.stringify(value)}`,
  );
}

/** Name of the variant that overrides make of `variant`: readable, the same in any order, different for different ones. */
export function setVariantName(variant: string, overrides: Overrides): string {
  const text = Object.entries(overrides)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, value]) => `${path}=${shown(value)}`)
    .join(' ');
  const prefix = variant === 'base' ? '' : `${variant}-`;
  return `${prefix}set-${slug(text)}-${sha256(canonicalJson(overrides)).slice(0, 6)}`;
}

/** Name of all variants of several overrides together, as `rotnet-small-epochs-batchsize-1a2b3c`. */
export function sweepName(of: string, points: readonly Overrides[]): string {
  const paths = Object.values(shortPaths(points)).join(' ');
  return `${of}-${slug(paths)}-${sha256(canonicalJson(points)).slice(0, 6)}`;
}

/** What people call each of several overrides: those settings in which they differ, as `epochs=2, batchSize=64`. */
export function settingsLabels(points: readonly Overrides[]): string[] {
  const short = shortPaths(points);
  return points.map((point) => {
    const own = Object.entries(short).filter(([path]) => Object.hasOwn(point, path));
    const texts = own.map(([path, name]) => `${name}=${shown(point[path])}`);
    return texts.join(', ') || 'plain';
  });
}

/** The paths in which overrides differ (all of a single one) to their last words, as many as tell them apart. */
function shortPaths(points: readonly Overrides[]): Record<string, string> {
  const all = [...new Set(points.flatMap((point) => Object.keys(point)))];
  const differing = all.filter((path) => new Set(points.map((point) => canonicalJson(point[path] ?? null))).size > 1);
  const paths = differing.length > 0 ? differing : all;
  const words = (path: string): string[] => path.split('.').filter((word) => word !== 'config');
  const ending = (path: string, length: number): string => words(path).slice(-length).join('.');
  return Object.fromEntries(
    paths.map((path) => {
      let length = 1;
      const clashes = (): boolean =>
        paths.some((other) => other !== path && ending(other, length) === ending(path, length));
      while (length < words(path).length && clashes()) length += 1;
      return [path, ending(path, length)];
    }),
  );
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60);
}

function valuesOf(text: string, path: string): unknown[] {
  const whole = asJson(text);
  if (whole !== undefined) return [whole.value];
  if (!text.includes(',')) return [text];
  const where = { field: `--set ${path}` };
  const pieces = piecesOf(text);
  if (pieces === undefined) {
    throw new UserError(`Brackets or quotes of '${text}' do not match`, {
      ...where,
      remedy: 'Values stand between commas, a list in brackets: [0,1],[0,2]. A text with a comma is written in quotes.',
    });
  }
  if (pieces.includes('')) {
    throw new UserError(`'${text}' lacks a value beside a comma`, {
      ...where,
      remedy: 'Put one value between two commas. A text that holds a comma is written in quotes: "x,y".',
    });
  }
  return pieces.map((piece) => asJson(piece)?.value ?? (piece === 'null' ? null : piece));
}

/** What stands between the commas outside of brackets and quotes; undefined where these do not match. */
function piecesOf(text: string): string[] | undefined {
  const pieces: string[] = [];
  const open: string[] = [];
  let piece = '';
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!;
    if (letter === '"' && (open.length > 0 || piece.trim() === '')) {
      const end = /^"(?:[^"\\]|\\.)*"/s.exec(text.slice(i))?.[0];
      if (end === undefined) return undefined;
      piece += end;
      i += end.length - 1;
    } else if (letter === ',' && open.length === 0) {
      pieces.push(piece.trim());
      piece = '';
    } else {
      if (letter === '[') open.push(']');
      if (letter === '{') open.push('}');
      if ((letter === ']' || letter === '}') && open.pop() !== letter) return undefined;
      piece += letter;
    }
  }
  return open.length > 0 ? undefined : [...pieces, piece.trim()];
}

function asJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Whether a value is text that is read as itself. */
function isPlainText(value: unknown): value is string {
  return typeof value === 'string' && !/[,\n\r]/.test(value) && asJson(value) === undefined;
}
