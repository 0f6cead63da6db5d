import { permutation, randomKey } from '@selfsup/kit/random';
import type { Dataset } from '../dataset.ts';
import { annotatedSheet } from './annotated-sheet.ts';
import { columns, pictureSheet, type SheetRow } from './picture-sheet.ts';

/** Up to so many classes, each has its row. */
const mostShown = 20;
/** Rows where there are more classes, or none. */
const rows = 7;
/** Images of a sheet with boxes or masks, which are drawn larger. */
const mostAnnotated = 30;

/**
 * Rows of a class each: of every class, or spread over them where there are more than `mostShown`. Unlabelled images, and
 * those of classes with next to none, come in an order drawn once for all.
 */
function rowsOf(dataset: Dataset, split: string): SheetRow[] {
  const { classes } = dataset.manifest;
  const labels = dataset.labels(split);
  const order = permutation(randomKey(1, 'contact-sheet'), labels.length);
  const byClass = new Map<number, number[]>();
  for (const index of order) {
    const label = labels[index]!;
    const members = byClass.get(label) ?? [];
    if (members.length < columns * rows) byClass.set(label, [...members, index]);
  }
  const shown = [...byClass.keys()].filter((label) => label >= 0).sort((a, b) => a - b);
  const isFew = Math.max(0, ...[...byClass.values()].map((members) => members.length)) < columns / 2;
  if (shown.length > 1 && !isFew) {
    const count = shown.length <= mostShown ? shown.length : rows;
    return Array.from({ length: count }, (_, row) => {
      const label = shown[Math.round((row * (shown.length - 1)) / (count - 1))]!;
      return { name: classes[label] ?? String(label), indices: byClass.get(label)!.slice(0, columns) };
    });
  }
  const all = isFew || shown.length === 0 ? [...order.subarray(0, rows * columns)] : byClass.get(shown[0]!)!;
  const count = Math.min(rows, Math.ceil(all.length / columns));
  return Array.from({ length: count }, (_, row) => ({
    name: '',
    indices: all.slice(row * columns, (row + 1) * columns),
  }));
}

/**
 * A contact sheet of a split as PNG: rows of ten images, a class each with its name beside it. All classes where there
 * are at most twenty, else seven spread over them. Of a split with boxes or masks, thirty images with these. Which images
 * are shown is the same each time. Throws `UserError` for an unknown split.
 */
export async function contactSheet(dataset: Dataset, split: string): Promise<Buffer> {
  const order = permutation(randomKey(1, 'contact-sheet'), dataset.count(split));
  const isAnnotated = (i: number): boolean =>
    dataset.hasMask(split, i) || (dataset.annotations(split, i).boxes ?? []).length > 0;
  const first = order.subarray(0, mostAnnotated);
  if (first.some(isAnnotated)) return annotatedSheet(dataset, split, first);
  return pictureSheet(dataset, split, rowsOf(dataset, split));
}

/** The split that a sheet shows where none is named: train, else the first. */
export function sheetSplit(dataset: Dataset): string {
  const splits = Object.keys(dataset.manifest.splits);
  return splits.includes('train') ? 'train' : splits[0]!;
}
