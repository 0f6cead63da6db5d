import type { Json } from '@selfsup/models/checkpoint';

/** Long work between steps or after the last one, done in parts: what is done of it survives an interruption. */
export interface Parts {
  /** What was kept last of this work; undefined at its beginning. */
  readonly kept: Json | undefined;
  /** Between two parts: keeps what is done by now, which going on begins with; saves it where that is due. */
  keep(done: Json): Promise<void>;
}

/** For work whose parts nobody keeps: interrupted, it begins again. */
export const unkept: Parts = { kept: undefined, keep: () => Promise.resolve() };

/** Parts that are kept in a state, which `save` brings to the disk. */
export function partsIn(state: { kept?: Json }, save: () => Promise<void>): Parts {
  return {
    get kept() {
      return state.kept;
    },
    keep(done) {
      state.kept = done;
      return save();
    },
  };
}

/** How far a pass has come. */
interface Pass<Sums> {
  batches: number;
  /** Images of those batches. */
  images: number;
  sums: Sums;
  ended: boolean;
}

/** A pass over batches in parts. */
interface PassOptions<Batch, Sums> {
  /** Tells it from other passes of the same work. */
  readonly name: string;
  /** The batches from one on. May throw `Interrupted` between them. */
  batches(startBatch: number): AsyncIterable<Batch>;
  /** The sums before the first batch: plain JSON. */
  readonly zero: Sums;
  /** Adds a batch to the sums in place; `before` says what went before it. */
  add(sums: Sums, batch: Batch, before: { readonly batches: number; readonly images: number }): void;
  /** Whether no further batch is needed. */
  isEnough?(sums: Sums): boolean;
}

/**
 * Goes over batches and adds up, from where an earlier run was stopped; gives the sums, to the bits of a pass that was left
 * alone. Sums that JSON cannot hold, since they are not finite, are made again from the beginning.
 */
export async function passOver<Batch extends { readonly labels: { readonly length: number } }, Sums extends object>(
  parts: Parts,
  { name, batches, zero, add, isEnough = () => false }: PassOptions<Batch, Sums>,
): Promise<Sums> {
  const before = keptOf(parts)[name];
  const pass = (
    holdsNumbers(before) ? before : { batches: 0, images: 0, sums: structuredClone(zero), ended: false }
  ) as Pass<Sums>;
  const keep = (): Promise<void> => parts.keep({ ...keptOf(parts), [name]: pass } as Json);
  if (!pass.ended) {
    for await (const batch of batches(pass.batches)) {
      add(pass.sums, batch, pass);
      pass.batches += 1;
      pass.images += batch.labels.length;
      await keep();
      if (isEnough(pass.sums)) break;
    }
    pass.ended = true;
    await keep();
  }
  return structuredClone(pass.sums);
}

/** The result of work that is done once: where an earlier run has kept it, that. */
export async function onceOver<Result>(parts: Parts, name: string, work: () => Promise<Result>): Promise<Result> {
  const before = keptOf(parts)[name];
  if (holdsNumbers(before)) return (before as { readonly result: Result }).result;
  const result = await work();
  await parts.keep({ ...keptOf(parts), [name]: { result } } as Json);
  return result;
}

function keptOf(parts: Parts): Readonly<Record<string, unknown>> {
  return (parts.kept ?? {}) as Readonly<Record<string, unknown>>;
}

/** Whether something was kept, and came back from JSON as it was: an infinite number, or none, comes back as null. */
function holdsNumbers(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  return typeof value !== 'object' || Object.values(value).every(holdsNumbers);
}
