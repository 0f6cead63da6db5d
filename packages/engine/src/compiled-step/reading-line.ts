import { workspaceAbove } from '@selfsup/kit/folders';

/** Frames of the engine, of libraries and of Node, between a line of code and what it calls. */
const BETWEEN = /node:|node_modules|tfjs-|packages\/engine\/src/;

/**
 * The line of code outside the engine that is under way, as `packages/tasks/src/x/x.ts:12` from the folder `root`
 * (the workspace), or undefined where there is none, as for a probe of the engine's own.
 */
export function lineUnderWay(root = workspaceAbove() ?? process.cwd(), stack = longStack()): string | undefined {
  const frames = stack.split('\n').slice(1);
  const frame = frames.find((candidate) => !BETWEEN.test(candidate));
  const place = /(?:file:\/\/)?(\/[^()]*?):(\d+):\d+\)?$/.exec(frame?.trim() ?? '');
  if (place === null) return undefined;
  const [, path = '', line = ''] = place;
  return `${path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path}:${line}`;
}

function longStack(): string {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 60;
  try {
    return new Error().stack ?? '';
  } finally {
    Error.stackTraceLimit = before;
  }
}
