import { Interrupted } from '@selfsup/kit/stage';

/** How the items of a graph are worked at. */
interface GraphOptions {
  /** How many at once. */
  readonly atOnce: number;
  /** Whether those that need no failed one go on after a failure; else nothing new is begun. */
  readonly goesOn: boolean;
}

/** What became of a graph's items where not all were done. */
interface GraphOutcome<Item> {
  readonly failed: ReadonlyMap<Item, unknown>;
  /** Those that need, at whatever remove, one that failed. */
  readonly leftOut: readonly Item[];
}

/**
 * Works at items, each after those that it needs, in their order as far as that allows. `items` stand after what they need;
 * needs that are not among them count as done. What is begun is waited for. Throws `Interrupted` where `work` did, and,
 * unless it goes on, its first error.
 */
export async function runGraph<Item>(
  items: readonly Item[],
  needsOf: (item: Item) => readonly Item[],
  { atOnce, goesOn }: GraphOptions,
  work: (item: Item) => Promise<void>,
): Promise<GraphOutcome<Item>> {
  const waiting = new Set(items);
  const open = new Set(items);
  const running = new Set<Promise<void>>();
  const failed = new Map<Item, unknown>();
  const leftOut: Item[] = [];
  let ended: { readonly error: unknown } | undefined;
  const start = (item: Item): void => {
    waiting.delete(item);
    const run = work(item)
      .then(() => void open.delete(item))
      .catch((error: unknown) => {
        failed.set(item, error);
        if (!goesOn || (error as Error).name === Interrupted.name) ended ??= { error };
      })
      .finally(() => running.delete(run));
    running.add(run);
  };
  const isLost = (item: Item): boolean => failed.has(item) || leftOut.includes(item);
  for (;;) {
    for (const item of waiting) {
      if (!needsOf(item).some(isLost)) continue;
      waiting.delete(item);
      leftOut.push(item);
    }
    for (const item of ended === undefined ? waiting : []) {
      if (running.size >= atOnce) break;
      if (!needsOf(item).some((need) => open.has(need))) start(item);
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  if (ended !== undefined) throw ended.error;
  return { failed, leftOut };
}
