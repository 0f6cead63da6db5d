import type { Node, SimpleCallExpression, Super } from 'estree';
import { childrenOf } from './program.ts';

/** What only speaks to people: a stage's progress, one of its phases, the console. */
const tellers = /^#?(?:progress|phase|console)\d*$/;
/** Of a schema: what it says, and what it only refuses, since no accepted config changes by it. */
const refusals = new Set(['describe', 'meta', 'refine', 'superRefine']);
/** Checks of a schema whose last argument is what is said where they fail. */
const checks = new Set(['min', 'max', 'int', 'positive', 'nonnegative', 'multipleOf', 'length', 'regex', 'gt', 'lt']);

/** `progress.note(…)`, `phase.advance(…)`, `console.log(…)`, where the arguments do nothing by themselves. */
export function isTelling(call: SimpleCallExpression): boolean {
  const { callee } = call;
  if (callee.type !== 'MemberExpression' || !tellers.test(lastName(callee.object))) return false;
  return !call.arguments.some(doesSomething);
}

/** `schema.refine(…)` and its like: the schema is what counts. */
export function isRefusal({ callee }: SimpleCallExpression): boolean {
  return callee.type === 'MemberExpression' && !callee.computed && refusals.has(lastName(callee));
}

/** The arguments of a call that can change more than a message: `min(1, 'too few')` is `min(1)`. */
export function tellingApart({ callee, arguments: values }: SimpleCallExpression): SimpleCallExpression['arguments'] {
  if (callee.type !== 'MemberExpression' || !checks.has(lastName(callee))) return values;
  return values.filter((value) => !(value.type === 'TemplateLiteral' || isText(value)));
}

function isText(node: Node): boolean {
  return node.type === 'Literal' && typeof node.value === 'string';
}

/** The last name of `a`, `a.b`, `this.#b`; empty where there is none. */
function lastName(node: Node | Super): string {
  switch (node.type) {
    case 'Identifier':
      return node.name;
    case 'PrivateIdentifier':
      return `#${node.name}`;
    case 'MemberExpression':
      return node.computed ? '' : lastName(node.property);
    default:
      return '';
  }
}

function doesSomething(node: Node): boolean {
  switch (node.type) {
    case 'AwaitExpression':
    case 'YieldExpression':
    case 'AssignmentExpression':
    case 'UpdateExpression':
      return true;
    default:
      return childrenOf(node).some(doesSomething);
  }
}
