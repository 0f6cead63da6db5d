import type { Variable } from 'eslint-scope';
import type { Node, SimpleCallExpression } from 'estree';
import { findLateImports } from './late-imports.ts';
import { type Declaration, type Meaning, type Program } from './program.ts';
import { fileCall } from './source-files.ts';
import { isRefusal, isTelling, tellingApart } from './wording.ts';

/** A piece of a declaration's text that stands for something else. */
export type Reference =
  /** A top-level name of the bundle that is declared in one of our files. */
  | { readonly kind: 'declared'; readonly declaration: Declaration; readonly name: string }
  /** A file, by its absolute path. */
  | { readonly kind: 'file'; readonly path: string }
  /** A package of others, and what of it. */
  | { readonly kind: 'package'; readonly specifier: string; readonly name: string };

/** A declaration in one line: what it computes, without what it is called, where it stands and what it says to people. */
export type Written = readonly (string | Reference)[];

const skipped = new Set(['type', 'start', 'end', 'range', 'raw', 'directive', 'sourceType']);

/** Makes a function that writes the declarations of a program. `isError` tells which declared classes are errors. */
export function writer(program: Program, isError: (declaration: Declaration) => boolean) {
  const late = findLateImports(program);
  const { meanings, variables } = program;

  return (declaration: Declaration): Written => {
    const pieces: (string | Reference)[] = [];
    const locals = new Map<Variable, number>();
    let text = '';
    const refer = (reference: Reference): void => {
      pieces.push(text, reference);
      text = '';
    };

    function named(name: string): void {
      const meaning = meanings.get(name);
      if (meaning === undefined) text += name;
      else mean(meaning);
    }

    function mean(meaning: Meaning): void {
      switch (meaning.kind) {
        case 'declared':
          return refer(meaning);
        case 'imported':
          return refer({ kind: 'package', specifier: meaning.from, name: meaning.name });
        case 'namespace':
          for (const name of Object.keys(meaning.exports).sort()) {
            text += `${name}:`;
            named(meaning.exports[name]!);
          }
      }
    }

    function identifier(node: Node, name: string): void {
      const variable = variables.get(node);
      if (variable === undefined) {
        text += name;
        return;
      }
      const lateName = late.variables.get(variable);
      if (lateName !== undefined) return named(lateName);
      if (program.isTopLevel(variable)) return named(variable.name);
      if (!locals.has(variable)) locals.set(variable, locals.size);
      text += `$${locals.get(variable)}`;
    }

    function call(node: SimpleCallExpression): void {
      const [first] = node.arguments;
      if (node.callee.type === 'Identifier' && node.callee.name === fileCall && first?.type === 'Literal') {
        return refer({ kind: 'file', path: String(first.value) });
      }
      if (isTelling(node)) text += 'tell';
      else if (isRefusal(node) && node.callee.type === 'MemberExpression') write(node.callee.object);
      else {
        text += node.optional ? 'call?' : 'call';
        write(node.callee);
        list(tellingApart(node));
        requirePackage(node);
      }
    }

    /** `require('package')` and `require.resolve('package/file')`. */
    function requirePackage({ callee, arguments: [first] }: SimpleCallExpression): void {
      const object = callee.type === 'MemberExpression' ? callee.object : callee;
      if (object.type !== 'Identifier' || !/^require\d*$/.test(object.name)) return;
      if (first?.type === 'Literal' && /^[^./]/.test(String(first.value))) {
        refer({ kind: 'package', specifier: String(first.value), name: '*' });
      }
    }

    function list(values: readonly unknown[]): void {
      text += '[';
      for (const value of values) {
        write(value);
        text += ',';
      }
      text += ']';
    }

    function write(value: unknown): void {
      if (Array.isArray(value)) return list(value);
      if (typeof value === 'bigint') text += `${value}n`;
      else if (value instanceof RegExp) text += String(value);
      else if (value === null || typeof value !== 'object') text += JSON.stringify(value) ?? '';
      else if (!('type' in value)) text += JSON.stringify(value);
      else writeNode(value as Node);
    }

    function writeNode(node: Node): void {
      const lateName = late.names.get(node);
      if (lateName !== undefined) return named(lateName);
      if (late.silent.has(node)) {
        text += 'import';
        return;
      }
      switch (node.type) {
        case 'Identifier':
          return identifier(node, node.name);
        case 'CallExpression':
          return call(node);
        case 'NewExpression':
          if (node.callee.type === 'Identifier' && isErrorName(node.callee.name)) {
            text += 'error';
            return;
          }
          break;
        case 'ImportExpression':
          if (node.source.type === 'Literal' && /^[^./]/.test(String(node.source.value))) {
            return refer({ kind: 'package', specifier: String(node.source.value), name: '*' });
          }
      }
      text += `(${node.type}`;
      for (const [key, value] of Object.entries(node)) {
        if (skipped.has(key) || value === undefined || value === false) continue;
        // `{ a }` is `{ a: a }`.
        if (node.type === 'Property' && key === 'shorthand') continue;
        text += ` ${key}:`;
        write(value);
      }
      text += ')';
    }

    function isErrorName(name: string): boolean {
      const meaning = meanings.get(name);
      if (meaning === undefined) return /Error$/.test(name);
      return meaning.kind === 'declared' && isError(meaning.declaration);
    }

    writeNode(declaration.node);
    pieces.push(text);
    return pieces;
  };
}
