import { fromFirst, inTurns } from '@selfsup/engine/cluster';
import { tf } from '@selfsup/engine/tensorflow';
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
  sums: Sums;
  ended: boolean;
}

/** A pass over batches in parts. */
interface PassOptions<Batch, Found, Sums> {
  /** Tells it from other passes of the same work. */
  readonly name: string;
  /** The batches from one on, or every so many. May throw `Interrupted` between them. */
  batches(from: number, every: number): AsyncIterable<Batch>;
  /** What is found of a batch, which must not depend on the batches before: plain data. Tensors made here are disposed of. */
  measure(batch: Batch): Found;
  /** The sums before the first batch: plain JSON. */
  readonly zero: Sums;
  /** Adds what was found to the sums in place, batch after batch. */
  add(sums: Sums, found: Found): void;
  /** Whether no further batch is needed. */
  isEnough?(sums: Sums): boolean;
}

/**
 * Goes over batches, measures each and adds up, from where an earlier run was stopped; gives the sums, to the bits of a pass that
 * was left alone. Where several processes share the stage, each measures some of the batches. Sums that JSON cannot hold, since
 * they are not finite, are made again from the beginning.
 */
export async function passOver<Batch, Found, Sums extends object>(
  parts: Parts,
  { name, batches, measure, zero, add, isEnough = () => false }: PassOptions<Batch, Found, Sums>,
): Promise<Sums> {
  return goOver(parts, name, zero, async (pass, keep) => {
    const sums = await inTurns<Found, Sums>({
      name,
      from: pass.batches,
      async *own({ from, every }) {
        for await (const batch of batches(from, every)) {
          let found!: Found;
          tf.tidy(() => void (found = measure(batch)));
          yield found;
        }
      },
      async take(found) {
        add(pass.sums, found);
        pass.batches += 1;
        await keep();
        return isEnough(pass.sums);
      },
      finish: () => pass.sums,
    });
    pass.sums = sums ?? pass.sums;
  });
}

/**
 * Goes over batches one after the other, from where an earlier run was stopped, where each builds on what those before it left in
 * the networks. Each process does so by itself.
 */
export async function passInOrder<Batch>(
  parts: Parts,
  {
    name,
    batches,
    take,
  }: Pick<PassOptions<Batch, never, never>, 'name' | 'batches'> & { take(batch: Batch, before: number): void },
): Promise<void> {
  await goOver(parts, name, {}, async (pass, keep) => {
    for await (const batch of batches(pass.batches, 1)) {
      take(batch, pass.batches);
      pass.batches += 1;
      await keep();
    }
  });
}

async function goOver<Sums extends object>(
  parts: Parts,
  name: string,
  zero: Sums,
  go: (pass: Pass<Sums>, keep: () => Promise<void>) => Promise<void>,
): Promise<Sums> {
  const before = keptOf(parts)[name];
  const pass = (
    holdsNumbers(before) ? before : { batches: 0, sums: structuredClone(zero), ended: false }
  ) as Pass<Sums>;
  const keep = (): Promise<void> => parts.keep({ ...keptOf(parts), [name]: pass } as Json);
  if (!pass.ended) {
    await go(pass, keep);
    pass.ended = true;
    await keep();
  }
  return structuredClone(pass.sums);
}

/**
 * The result of work that is done once, by the first of several processes: where an earlier run has kept it, that.
 */
export function onceOver<Result>(parts: Parts, name: string, work: () => Promise<Result>): Promise<Result> {
  return fromFirst(name, async () => {
    const before = keptOf(parts)[name];
    if (holdsNumbers(before)) return (before as { readonly result: Result }).result;
    const result = await work();
    await parts.keep({ ...keptOf(parts), [name]: { result } } as Json);
    return result;
  });
}

function keptOf(parts: Parts): Readonly<Record<string, unknown>> {
  return (parts.kept ?? {}) as Readonly<Record<string, unknown>>;
}

/** Whether something was kept, and came back from JSON as it was: an infinite number, or none, comes back as null. */
function holdsNumbers(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  return typeof value !== 'object' || Object.values(value).every(holdsNumbers);
}
