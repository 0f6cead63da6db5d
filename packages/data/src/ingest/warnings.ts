import type { DatasetManifest, DatasetWarning } from '../store/manifest.ts';

/** How often the pictures of a split occur, byte for byte as they are stored. */
export interface Repeats {
  /** Different pictures among those of the split. */
  readonly distinct: number;
  /** Pictures of the split that occur in train too. */
  readonly inTraining: number;
}

const mostNamed = 10;

function listed(names: readonly string[]): string {
  const rest = names.length - mostNamed;
  return names.slice(0, mostNamed).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** All that must be said of a dataset with these counts, statistics and repeats (by split). */
export function warningsOf(
  { classes, splits, statistics }: Pick<DatasetManifest, 'classes' | 'splits' | 'statistics'>,
  repeats: ReadonlyMap<string, Repeats>,
): DatasetWarning[] {
  const warnings: DatasetWarning[] = [];
  const labelled = Object.entries(splits).filter(([, { classCounts }]) => classCounts.some((count) => count > 0));
  if (classes.length === 1 && labelled.length > 0) {
    const message = `There is only one class, ${classes[0]}: every answer to it is right.`;
    warnings.push({ kind: 'single-class', message });
  }
  for (const [split, { classCounts }] of labelled) {
    const empty = classes.filter((_, i) => classCounts[i] === 0);
    if (empty.length === 0) continue;
    const kind = split === 'train' ? 'class-without-training-images' : 'class-without-test-images';
    const [which, are] = empty.length === 1 ? ['class', 'has'] : ['classes', 'have'];
    const message = `${empty.length} of ${classes.length} classes: the ${which} ${listed(empty)} ${are} no image in ${split}.`;
    warnings.push({ kind, message });
  }
  if (statistics.std.length > 0 && statistics.std.every((std) => std === 0)) {
    const message = 'All training images are of one colour and the same (standard deviation 0): nothing can be learnt.';
    warnings.push({ kind: 'constant-images', message });
  }
  for (const [split, { distinct, inTraining }] of repeats) {
    const { count } = splits[split]!;
    if (distinct === 1 && count > 1 && statistics.std.some((std) => std > 0)) {
      warnings.push({ kind: 'constant-images', message: `All ${count} images of ${split} are the same picture.` });
    }
    if (split.startsWith('train') || inTraining === 0) continue;
    const some = inTraining === count ? `All ${count}` : `${inTraining} of ${count}`;
    const message = `${some} images of ${split} are in train too: what is measured on them was seen in training.`;
    warnings.push({ kind: 'test-equals-training', message });
  }
  return warnings;
}
