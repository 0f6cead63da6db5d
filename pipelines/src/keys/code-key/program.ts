import { resolve } from 'node:path';
import { parse, type Comment } from 'acorn';
import { analyze, type Variable } from 'eslint-scope';
import type { Identifier, ImportDeclaration, Node, Pattern, Program as Tree } from 'estree';

/** A function, a class, a variable, or a statement that does something, at the top of a module. */
export interface Declaration {
  /** Absolute path of the file that it stands in; undefined for helpers of the bundler. */
  readonly file: string | undefined;
  readonly node: Node;
  /** Top-level names that it declares. */
  readonly names: readonly string[];
}

/** What a name at the top of a bundle means. */
export type Meaning =
  | { readonly kind: 'declared'; readonly declaration: Declaration; readonly name: string }
  | { readonly kind: 'imported'; readonly from: string; readonly name: string }
  /** All that a file of ours exports: exported name to the name in the bundle. */
  | { readonly kind: 'namespace'; readonly exports: Readonly<Record<string, string>> };

/** A bundle taken apart. */
export interface Program {
  readonly tree: Tree;
  readonly meanings: ReadonlyMap<string, Meaning>;
  /** Top-level statements that declare nothing. */
  readonly effects: readonly Declaration[];
  /** Exported name to the name in the bundle. */
  readonly exports: Readonly<Record<string, string>>;
  /** What an identifier refers to; nothing for properties and globals. */
  readonly variables: ReadonlyMap<Node, Variable>;
  isTopLevel(variable: Variable): boolean;
}

/** Takes a bundle (see `bundle`) apart into its top-level statements. `root` is what the paths in it start from. */
export function readProgram(code: string, root: string): Program {
  const comments: Comment[] = [];
  const tree = parse(code, {
    ecmaVersion: 2024,
    sourceType: 'module',
    ranges: true,
    onComment: comments,
  }) as unknown as Tree;
  const places = comments.filter(({ type, value }) => type === 'Line' && value.startsWith(' '));
  const meanings = new Map<string, Meaning>();
  const effects: Declaration[] = [];
  const exports: Record<string, string> = {};
  let file: string | undefined;
  for (const statement of tree.body) {
    while (places.length > 0 && places[0]!.start < statement.range![0])
      file = resolve(root, places.shift()!.value.slice(1));
    const declare = (node: Node, names: readonly string[]): void => {
      const declaration = { file, node, names };
      for (const name of names) meanings.set(name, { kind: 'declared', declaration, name });
    };
    switch (statement.type) {
      case 'ImportDeclaration':
        for (const [local, meaning] of importsOf(statement)) meanings.set(local, meaning);
        break;
      case 'ExportNamedDeclaration':
        for (const { local, exported } of statement.specifiers) exports[nameOf(exported)] = nameOf(local);
        break;
      case 'FunctionDeclaration':
      case 'ClassDeclaration':
        declare(statement, [statement.id.name]);
        break;
      case 'VariableDeclaration':
        for (const declarator of statement.declarations) declare(declarator, namesIn(declarator.id));
        break;
      default: {
        const namespace = namespaceIn(statement);
        if (namespace !== undefined) meanings.set(namespace.name, { kind: 'namespace', exports: namespace.exports });
        else effects.push({ file, node: statement, names: [] });
      }
    }
  }
  const scopes = analyze(tree, { ecmaVersion: 2024, sourceType: 'module' });
  const variables = new Map<Node, Variable>();
  // A class's name belongs to the scope around it and to its own: the outer one comes last and stays.
  for (const scope of [...scopes.scopes].reverse()) {
    for (const variable of scope.variables) for (const node of variable.identifiers) variables.set(node, variable);
  }
  for (const scope of scopes.scopes) {
    for (const { identifier, resolved } of scope.references) {
      if (resolved !== null) variables.set(identifier, resolved);
    }
  }
  return { tree, meanings, effects, exports, variables, isTopLevel: ({ scope }) => scope.type === 'module' };
}

function importsOf({ specifiers, source }: ImportDeclaration): [string, Meaning][] {
  const from = String(source.value);
  return specifiers.map((specifier) => {
    const name =
      specifier.type === 'ImportSpecifier'
        ? nameOf(specifier.imported)
        : specifier.type === 'ImportDefaultSpecifier'
          ? 'default'
          : '*';
    return [specifier.local.name, { kind: 'imported', from, name }];
  });
}

/** Reads `__export(name, { a: () => b })`, with which the bundler makes a file's exports an object. */
function namespaceIn(statement: Node): { name: string; exports: Record<string, string> } | undefined {
  if (statement.type !== 'ExpressionStatement' || statement.expression.type !== 'CallExpression') return undefined;
  const { callee, arguments: values } = statement.expression;
  const [target, all] = values;
  if (callee.type !== 'Identifier' || callee.name !== '__export') return undefined;
  if (target?.type !== 'Identifier' || all?.type !== 'ObjectExpression') return undefined;
  const exports: Record<string, string> = {};
  for (const property of all.properties) {
    if (property.type !== 'Property' || property.value.type !== 'ArrowFunctionExpression') return undefined;
    const { body } = property.value;
    if (body.type !== 'Identifier') return undefined;
    exports[nameOf(property.key as Identifier)] = body.name;
  }
  return { name: target.name, exports };
}

function namesIn(pattern: Pattern): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap((part) => namesIn(part.type === 'Property' ? part.value : part.argument));
    case 'ArrayPattern':
      return pattern.elements.flatMap((part) => (part === null ? [] : namesIn(part)));
    case 'AssignmentPattern':
      return namesIn(pattern.left);
    case 'RestElement':
      return namesIn(pattern.argument);
    default:
      return [];
  }
}

function nameOf(node: { type: string; name?: string; value?: unknown }): string {
  return node.name ?? String(node.value);
}

/** The nodes right below one. */
export function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flat()
    .filter((value: unknown): value is Node => typeof (value as Node | null)?.type === 'string');
}
