/**
 * Memory that closed loaders wrote their batches to. Held weakly: V8 does not count shared memory, so that without using it
 * again a process that opens loader after loader would grow until a collection for other reasons.
 */
let givenBack: readonly WeakRef<SharedArrayBuffer>[] = [];

/** `count` pieces of shared memory of at least `bytes` each, whose contents may be anything. */
export function takeSlots(count: number, bytes: number): SharedArrayBuffer[] {
  const there = givenBack.flatMap((slot) => slot.deref() ?? []).sort((a, b) => a.byteLength - b.byteLength);
  const taken = there.filter(({ byteLength }) => byteLength >= bytes).slice(0, count);
  givenBack = there.filter((slot) => !taken.includes(slot)).map((slot) => new WeakRef(slot));
  return [...taken, ...Array.from({ length: count - taken.length }, () => new SharedArrayBuffer(bytes))];
}

/** Gives back what `takeSlots` gave; nobody may read or write it any more. */
export function giveBackSlots(slots: readonly SharedArrayBuffer[]): void {
  givenBack = [...givenBack, ...slots.map((slot) => new WeakRef(slot))];
}
