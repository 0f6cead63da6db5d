import { UserError } from '@selfsup/kit/errors';
import { deriveKey, permutation, randomKey } from '@selfsup/kit/random';
import { requireRows, shuffledByClass } from '../../measures/class-draws.ts';

/** The training rows of one draw at one k. */
export interface LowShotDraw {
  readonly k: number;
  readonly draw: number;
  /** Rows of the training features that any class's machine sees, ascending. */
  readonly rows: Uint32Array;
  /** For each class, whether its machine sees `rows[i]`. */
  readonly sees: readonly ((i: number) => boolean)[];
}

/**
 * Every draw at every k: k rows that show each class, by `presence` `[rows, classes]`; `negatives` is `others` where each
 * class's machine sees those drawn for the others too, unless they show it, or n where it sees n·k rows without it, drawn for
 * it alone. Rows that show a class only as difficult are never seen by its machine. Within a draw a smaller k is contained in
 * a larger one. A function of its arguments. Throws `UserError` for a k above the smallest class, and for more negatives
 * than there are.
 */
export function lowShotDraws(
  presence: Int32Array,
  classes: readonly string[],
  { shots, draws, negatives }: { shots: readonly number[]; draws: number; negatives: 'others' | number },
  seed: number,
): LowShotDraw[] {
  const count = presence.length / classes.length;
  const rowsWith = (label: number, flag: number): number[] =>
    Array.from({ length: count }, (_, row) => row).filter((row) => presence[row * classes.length + label] === flag);
  const byClass = requireRows(
    classes.map((_, label) => rowsWith(label, 1)),
    classes,
    shots,
    'shots',
  );
  const perDraw = Array.from({ length: draws }, (_, draw) => {
    const key = randomKey(seed, 'low-shot', draw);
    const positives = shuffledByClass(byClass, deriveKey(key, 'positives'));
    if (negatives === 'others') return { positives };
    const others = classes.map((name, label) => {
      const rows = rowsWith(label, -1);
      const wanted = negatives * Math.max(...shots);
      if (rows.length < wanted)
        throw new UserError(`${wanted} negatives of class '${name}', but only ${rows.length} images are without it`, {
          field: 'negatives',
          remedy: "Use fewer, or 'others'.",
        });
      const order = permutation(deriveKey(key, 'negatives', label), rows.length).subarray(0, wanted);
      return Uint32Array.from(order, (place) => rows[place]!);
    });
    return { positives, others };
  });
  return shots.flatMap((k) =>
    perDraw.map(({ positives, others }, draw) => {
      const ofClass = positives.map((rows, label) => [
        ...rows.subarray(0, k),
        ...(others === undefined ? [] : others[label]!.subarray(0, (negatives as number) * k)),
      ]);
      const rows = Uint32Array.from(new Set(ofClass.flat())).sort();
      const sees = ofClass.map((own, label) => {
        const set = new Set(own);
        if (others !== undefined) return (i: number) => set.has(rows[i]!);
        return (i: number) => set.has(rows[i]!) || presence[rows[i]! * classes.length + label] === -1;
      });
      return { k, draw, rows, sees };
    }),
  );
}
