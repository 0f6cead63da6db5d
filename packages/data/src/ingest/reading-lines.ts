import { oneLine } from '../files/one-line.ts';
import { passedOverText } from '../files/passed-over.ts';
import type { SourceReading } from '../source.ts';

const mostClasses = 20;

/** How a source that had to find it out has read its folders, with the images of each class and split, as lines for people. */
export function readingLines({ reading, classes, entries }: SourceReading): string[] {
  if (reading?.layout === undefined) return [];
  const counts = new Map<string, number>();
  for (const { split, label } of entries) {
    for (const key of [split, `${split}/${label}`]) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const splits = [...new Set(entries.map(({ split }) => split))];
  const perSplit = (key: (split: string) => string): string =>
    splits.map((split) => `${split} ${counts.get(key(split)) ?? 0}`).join(', ');
  const lines = [`Folders read as ${reading.layout}. Images: ${perSplit((split) => split)}`];
  classes.slice(0, mostClasses).forEach((name, label) => {
    lines.push(`  ${oneLine(name)}: ${perSplit((split) => `${split}/${label}`)}`);
  });
  if (classes.length > mostClasses) lines.push(`  and ${classes.length - mostClasses} more classes`);
  return [...lines, ...(reading.passedOver ?? []).map((one) => `Passed over ${passedOverText(one)}`)];
}
