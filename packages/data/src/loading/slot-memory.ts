/**
 * Memory of closed loaders, by its size. It is kept for the next: V8 does not count shared memory, so that what is dropped stays
 * until this thread and each that it was shared with happen to collect their garbage, which idle ones may not do for long.
 */
const free = new Map<number, SharedArrayBuffer[]>();

/**
 * `count` pieces of shared memory of at least `bytes` each, whose contents may be anything. Their sizes are powers of two, so that
 * few differ and most fit what comes next; what is not written to takes no memory.
 */
export function takeSlots(count: number, bytes: number): SharedArrayBuffer[] {
  const size = 2 ** Math.ceil(Math.log2(bytes));
  const kept = free.get(size)?.splice(0, count) ?? [];
  return [...kept, ...Array.from({ length: count - kept.length }, () => new SharedArrayBuffer(size))];
}

/** Gives back what `takeSlots` gave, once; nobody may read or write it any more. */
export function giveBackSlots(slots: readonly SharedArrayBuffer[]): void {
  for (const slot of slots) {
    const kept = free.get(slot.byteLength);
    if (kept === undefined) free.set(slot.byteLength, [slot]);
    else kept.push(slot);
  }
}
