import type { Progress } from '@selfsup/kit/progress';

/** Progress that remembers its lines. */
export function recordingProgress(): Progress & { lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    phase: () => ({ advance: () => undefined, done: () => undefined }),
    note: (text) => void lines.push(text),
    warn: (text) => void lines.push(`warning: ${text}`),
  };
}
