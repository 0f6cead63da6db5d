import { builtinModules } from 'node:module';
import type { Node } from 'estree';
import { sha256 } from '@selfsup/kit/files';
import { bundle } from './bundle.ts';
import { lockfileOf } from './lockfile.ts';
import { merkle } from './merkle.ts';
import { readProgram, type Declaration, type Program } from './program.ts';
import { contentHash, fileCall, nameOfFile, sourceFile, type SourceFile } from './source-files.ts';
import { writer, type Written } from './written.ts';

/** What one source file amounts to, with all that it reaches. */
export interface RootKey {
  /** Hash of what its default export computes; of all its exports where it has none. */
  readonly hash: string;
  /** Path from the workspace root to the declarations reached in that file: name to a hash of each by itself. */
  readonly declarations: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Other files reached, such as native code, to the sha256 of their content. */
  readonly contents: Readonly<Record<string, string>>;
  /** Packages of others with all that they need, by place, to their versions. */
  readonly packages: Readonly<Record<string, string>>;
  /** Absolute paths of all files that were looked at. */
  readonly inputs: readonly string[];
}

/** Gives the key of another file that is started as a worker; `open` are the files whose keys are being computed. */
export type RootKeyOf = (file: string, open: readonly string[]) => Promise<RootKey>;

const builtins = new Set(builtinModules);
/** Packages that only read and refuse: the config that they let through is in the key. */
const refusing = new Set(['zod']);

/** Computes the key of a source file (absolute path). Throws `UserError` naming file and line where one cannot be parsed. */
export async function computeRootKey(
  root: string,
  entry: string,
  keyOf: RootKeyOf,
  open: readonly string[],
): Promise<RootKey> {
  const { code, inputs } = await bundle(root, entry);
  const program = readProgram(code, root);
  const sources = new Map<string, SourceFile>();
  for (const file of inputs.filter(isCode)) sources.set(file, await sourceFile(file));
  const named = await filesNamed(code, [...open, entry], keyOf);
  const isMarked = ({ file }: Declaration): boolean => file !== undefined && sources.get(file)?.withoutEffect === true;
  const isAtImport = ({ file }: Declaration): boolean =>
    file !== undefined && sources.get(file)?.hasSideEffects === true;

  const graph = merkle(
    writer(program, (declaration) => isErrorClass(declaration, program)),
    (reference) => {
      if (reference.kind === 'package') return `${reference.specifier} ${reference.name}`;
      if (reference.kind === 'file') return named.get(reference.path)!.hash;
      return isMarked(reference.declaration) ? 'no effect' : undefined;
    },
  );
  const hashes = exportsOf(program).map(([name, meaning]) => {
    if (meaning?.kind !== 'declared') return `${name} ${JSON.stringify(meaning)}`;
    return `${name} ${graph.hashOf(meaning.declaration)}`;
  });
  const declared = [...program.meanings.values()].flatMap((meaning) =>
    meaning.kind === 'declared' ? [meaning.declaration] : [],
  );
  const atImport = [...declared.filter(isAtImport), ...program.effects].filter((statement) => !isMarked(statement));
  // What a statement does to a variable counts where the variable does, which another such statement may decide.
  for (let waiting = atImport; ;) {
    const due = waiting.filter((statement) => {
      const changed = isAtImport(statement) ? undefined : variableChangedBy(statement, program);
      return changed === undefined || graph.reached().has(changed);
    });
    if (due.length === 0) break;
    hashes.push(...due.map((statement) => graph.hashOf(statement)));
    waiting = waiting.filter((statement) => !due.includes(statement));
  }
  const reached = [...graph.reached()].filter(([declaration]) => !isMarked(declaration));
  const within = [...named.values()].flatMap(({ key }) => key?.inputs ?? []);
  return {
    hash: sha256([...new Set(hashes)].sort().join('\n')),
    ...collected(root, program, reached, named),
    inputs: [...new Set([...inputs, ...named.keys(), ...within])],
  };
}

interface NamedFile {
  readonly hash: string;
  readonly key?: RootKey;
}

/** Hashes of the files that are named by URL in a bundle: content, or for code what it computes. */
async function filesNamed(code: string, open: readonly string[], keyOf: RootKeyOf): Promise<Map<string, NamedFile>> {
  const found = new Map<string, NamedFile>();
  for (const [, text] of code.matchAll(new RegExp(`\\b${fileCall}\\(("[^\\n]*?")\\)`, 'g'))) {
    const path = JSON.parse(text!) as string;
    if (found.has(path)) continue;
    if (open.includes(path)) found.set(path, { hash: 'itself' });
    else if (!isCode(path)) found.set(path, { hash: await contentHash(path) });
    else {
      const key = await keyOf(path, open);
      found.set(path, { hash: key.hash, key });
    }
  }
  return found;
}

/** What was reached, by file, for people and for the versions of packages. */
function collected(
  root: string,
  { meanings }: Program,
  reached: readonly (readonly [Declaration, Written])[],
  named: ReadonlyMap<string, NamedFile>,
): Pick<RootKey, 'declarations' | 'contents' | 'packages'> {
  const declarations: Record<string, Record<string, string>> = {};
  const contents: Record<string, string> = {};
  const packages: Record<string, string> = {};
  for (const [{ file, names }, written] of reached) {
    if (file === undefined) continue;
    const ofFile = (declarations[nameOfFile(root, file)] ??= {});
    const alone = written.map((piece) => {
      if (typeof piece === 'string') return piece;
      return piece.kind === 'declared'
        ? `<${ownName(piece.name, piece.declaration.file, meanings)}>`
        : piece.kind === 'file'
          ? '<file>'
          : JSON.stringify(piece);
    });
    const name = names.map((own) => ownName(own, file, meanings)).join(', ') || 'statements';
    ofFile[name] = sha256(`${ofFile[name] ?? ''}${alone.join('')}`).slice(0, 16);
    for (const piece of written) {
      if (typeof piece === 'string' || piece.kind === 'declared') continue;
      if (piece.kind === 'file') {
        const { hash, key } = named.get(piece.path)!;
        if (key === undefined) contents[nameOfFile(root, piece.path)] = hash;
        else {
          for (const [name, worker] of Object.entries(key.declarations))
            declarations[name] = { ...declarations[name], ...worker };
          Object.assign(contents, key.contents);
          Object.assign(packages, key.packages);
        }
        continue;
      }
      const name = packageOf(piece.specifier);
      if (name.startsWith('node:') || builtins.has(name) || refusing.has(name)) continue;
      Object.assign(packages, lockfileOf(root).subtree(name, file));
    }
  }
  return { declarations, contents, packages };
}

/** What a name is in its file: the bundler numbers names that several files have. */
function ownName(name: string, file: string | undefined, meanings: Program['meanings']): string {
  if (/_default\d*$/.test(name)) return 'default export';
  const own = name.replace(/\d+$/, '');
  const other = meanings.get(own);
  return other !== undefined && (other.kind !== 'declared' || other.declaration.file !== file) ? own : name;
}

/** What is used of the file: parts and workers are their default export or what importing them does. */
function exportsOf(program: Program) {
  const { default: main } = program.exports;
  const names = Object.entries(main === undefined ? program.exports : { default: main });
  return names.map(([name, local]) => [name, program.meanings.get(local)] as const);
}

/** The variable of the same file that a statement such as `table.set(…)` or `table.x = …` changes. */
function variableChangedBy({ file, node }: Declaration, { meanings }: Program): Declaration | undefined {
  if (node.type !== 'ExpressionStatement') return undefined;
  const { expression } = node;
  let target: Node | undefined =
    expression.type === 'CallExpression'
      ? expression.callee
      : expression.type === 'AssignmentExpression'
        ? expression.left
        : undefined;
  if (target?.type !== 'MemberExpression') return undefined;
  while (target.type === 'MemberExpression') target = target.object;
  const meaning = target.type === 'Identifier' ? meanings.get(target.name) : undefined;
  return meaning?.kind === 'declared' && meaning.declaration.file === file ? meaning.declaration : undefined;
}

function isErrorClass({ node }: Declaration, program: Program): boolean {
  const made = node.type === 'VariableDeclarator' ? node.init : node;
  if (made?.type !== 'ClassDeclaration' && made?.type !== 'ClassExpression') return false;
  if (made.superClass?.type !== 'Identifier') return false;
  const { name } = made.superClass;
  const meaning = program.meanings.get(name);
  if (meaning === undefined) return /Error$/.test(name);
  return meaning.kind === 'declared' && isErrorClass(meaning.declaration, program);
}

function isCode(file: string): boolean {
  return /\.(?:ts|mts|js|mjs)$/.test(file);
}

function packageOf(specifier: string): string {
  const segments = specifier.split('/');
  return segments.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}
