import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import type { Metric } from '@selfsup/kit/metric';
import { distinct } from '@selfsup/kit/parse';
import { deriveKey, permutation, type RandomKey } from '@selfsup/kit/random';
import { refuseEmptyClass } from './empty-classes.ts';

/** Numbers of labelled images per class, each measured by itself. */
export const perClassSchema = distinct(z.int().min(1), 'a number');

/**
 * Rows by class, in order. Throws `UserError` for a class without any, and naming `field` where one has fewer than the greatest
 * of `perClass`.
 */
export function rowsByClass(
  labels: Int32Array,
  classes: readonly string[],
  perClass: readonly number[],
  field: string,
): Uint32Array[] {
  const rows: number[][] = classes.map(() => []);
  labels.forEach((label, row) => rows[label]!.push(row));
  return requireRows(rows, classes, perClass, field);
}

/** The rows of each class as they are given. Throws `UserError` as `rowsByClass` does. */
export function requireRows(
  rows: readonly (readonly number[])[],
  classes: readonly string[],
  perClass: readonly number[],
  field: string,
): Uint32Array[] {
  refuseEmptyClass({
    classes,
    trainLabels: Int32Array.from([...rows.keys()].filter((label) => rows[label]!.length > 0)),
  });
  const most = Math.max(...perClass);
  const smallest = rows.reduce((least, own, label) => (own.length < rows[least]!.length ? label : least), 0);
  const { length } = rows[smallest]!;
  if (length < most)
    throw new UserError(`${most} images per class, but class '${classes[smallest]}' has only ${length} to train on`, {
      field,
      remedy: `Ask for at most ${length}, or choose more training images.`,
    });
  return rows.map((own) => Uint32Array.from(own));
}

/**
 * Images of each class in an order drawn by `key`, from `rowsByClass`: the first K of them are a draw of K per class, so
 * that a smaller K is contained in a larger one.
 */
export function shuffledByClass(rows: readonly Uint32Array[], key: RandomKey): Uint32Array[] {
  return rows.map((own, label) =>
    Uint32Array.from(permutation(deriveKey(key, label), own.length), (place) => own[place]!),
  );
}

/** Mean and sample deviation (n − 1; undefined for a single value). */
export function overDraws(values: readonly number[]): { mean: number; deviation: number | undefined } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  if (values.length < 2) return { mean, deviation: undefined };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

/** The mean of a measure over draws and, for several draws, their deviation as `<measure>-deviation`. */
export function drawMetrics(about: Omit<Metric, 'value'>, values: readonly number[]): Metric[] {
  const { mean, deviation } = overDraws(values);
  const spread = { ...about, measure: `${about.measure}-deviation`, better: 'neither' } as const;
  return [{ ...about, value: mean }, ...(deviation === undefined ? [] : [{ ...spread, value: deviation }])];
}
