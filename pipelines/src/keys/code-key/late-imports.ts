import type { Variable } from 'eslint-scope';
import type { Node, ObjectPattern } from 'estree';
import { childrenOf, type Meaning, type Program } from './program.ts';

/** Which names of a file that is imported late are used where, so that its other exports do not count. */
export interface LateImports {
  /** Nodes that stand for a top-level name. */
  readonly names: ReadonlyMap<Node, string>;
  /** Local variables that stand for a top-level name. */
  readonly variables: ReadonlyMap<Variable, string>;
  /** Nodes that say nothing else than what is imported. */
  readonly silent: ReadonlySet<Node>;
}

type Exports = Readonly<Record<string, string>>;

/**
 * Finds `(await import(…)).name`, `const { name } = await import(…)`, the same of `Promise.all` of several, and
 * `import(…).then(({ name }) => …)`, where `import(…)` is written `Promise.resolve(<namespace>)` by now.
 */
export function findLateImports(program: Program): LateImports {
  const names = new Map<Node, string>();
  const variables = new Map<Variable, string>();
  const silent = new Set<Node>();
  const take = (pattern: ObjectPattern, exports: Exports, site: Node): void => {
    const found: [Variable, string][] = [];
    for (const part of pattern.properties) {
      if (part.type !== 'Property' || part.computed || part.key.type !== 'Identifier') return;
      const variable = program.variables.get(part.value);
      const name = exports[part.key.name];
      if (variable === undefined || name === undefined) return;
      found.push([variable, name]);
    }
    for (const [variable, name] of found) variables.set(variable, name);
    silent.add(pattern).add(site);
  };
  const visit = (node: Node, parents: readonly Node[]): void => {
    const exports = exportsAt(node, program.meanings);
    if (exports !== undefined) {
      const [above, second, third, fourth] = parents;
      if (above?.type === 'AwaitExpression') {
        if (second?.type === 'MemberExpression' && !second.computed && second.property.type === 'Identifier') {
          const name = exports[second.property.name];
          if (name !== undefined) names.set(second, name);
        } else if (second?.type === 'VariableDeclarator' && second.id.type === 'ObjectPattern') {
          take(second.id, exports, node);
        }
      } else if (above?.type === 'ArrayExpression' && second !== undefined && isPromise(second, 'all')) {
        const pattern = third?.type === 'AwaitExpression' && fourth?.type === 'VariableDeclarator' && fourth.id;
        const part =
          pattern && pattern.type === 'ArrayPattern' && pattern.elements[above.elements.indexOf(node as never)];
        if (part && part.type === 'ObjectPattern') take(part, exports, node);
      } else if (above?.type === 'MemberExpression' && second?.type === 'CallExpression') {
        const [then] = second.arguments;
        const parameter = then?.type === 'ArrowFunctionExpression' && then.params[0];
        const isThen = above.property.type === 'Identifier' && above.property.name === 'then';
        if (isThen && parameter && parameter.type === 'ObjectPattern') take(parameter, exports, node);
      }
    }
    for (const child of childrenOf(node)) visit(child, [node, ...parents.slice(0, 3)]);
  };
  visit(program.tree, []);
  return { names, variables, silent };
}

/** What the file exports that is imported late at `node`; undefined where none is. */
function exportsAt(node: Node, meanings: ReadonlyMap<string, Meaning>): Exports | undefined {
  if (!isPromise(node, 'resolve') || node.type !== 'CallExpression') return undefined;
  const [value] = node.arguments;
  const meaning = value?.type === 'Identifier' ? meanings.get(value.name) : undefined;
  return meaning?.kind === 'namespace' ? meaning.exports : undefined;
}

function isPromise(node: Node, method: string): boolean {
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return false;
  const { object, property } = node.callee;
  const isMethod = property.type === 'Identifier' && property.name === method;
  return isMethod && object.type === 'Identifier' && object.name === 'Promise';
}
