import type { Dataset, DatasetManifest } from '@selfsup/data/dataset';
import { oneLine, passedOverText } from '@selfsup/data/wording';
import { dataSize } from '@selfsup/kit/units';

/** What a person may ask to see of a dataset. */
export interface DescribeOptions extends Pick<DatasetManifest, 'warnings' | 'reading'> {
  /** All images that were left out, not the first twenty. */
  readonly all: boolean;
  /** Width of a terminal, for the bars. */
  readonly columns: number;
}

const digits = (value: number): string => value.toLocaleString('en-US');
const firstQuarantined = 20;
const mostBars = 30;

function storedForm({ manifest }: Dataset): string[] {
  const { image, sizes } = manifest;
  if (image.encoding === 'raw') {
    const { height, width, channels } = image;
    return [`raw, ${height} × ${width} × ${channels}; ${dataSize(sizes.bytes)}`];
  }
  const range = (which: 'height' | 'width'): string => {
    const { least, mean, greatest } = sizes[which];
    return `${which} ${least} to ${greatest}, ${mean} on average`;
  };
  const side = image.shorterSide === null ? 'sizes as in the source' : `shorter side at most ${image.shorterSide}`;
  return [`JPEG, ${side}, quality ${image.quality}; ${dataSize(sizes.bytes)}`, range('height'), range('width')];
}

/** Bars for the classes of a split; in one line where all have the same number, the ends where there are many. */
function histogram(dataset: Dataset, split: string, columns: number): string[] {
  const { classes, splits } = dataset.manifest;
  const { count, classCounts } = splits[split]!;
  if (classes.length === 0 || classCounts.every((one) => one === 0)) {
    return [classes.length === 0 ? 'no classes' : 'images have no single class'];
  }
  const [least, most] = [Math.min(...classCounts), Math.max(...classCounts)];
  const labelled = classCounts.reduce((sum, one) => sum + one, 0);
  const unlabelled = labelled < count ? [`${digits(count - labelled)} without a class`] : [];
  if (least === most) return [`${classes.length} classes of ${digits(least)} each`, ...unlabelled];
  const ranked = classes.map((name, i) => ({ name, count: classCounts[i]! })).sort((a, b) => b.count - a.count);
  const shown = ranked.length <= mostBars ? ranked : [...ranked.slice(0, 10), ...ranked.slice(-10)];
  const wide = Math.min(30, Math.max(...shown.map(({ name }) => name.length)));
  const room = Math.max(10, columns - wide - 16);
  const lines = shown.map(({ name, count: images }) => {
    const label = name.length > wide ? `${name.slice(0, wide - 1)}…` : name.padEnd(wide);
    // Few images still have a bar; none have none.
    const bar = '█'.repeat(Math.max(Math.sign(images), Math.round((images / most) * room)));
    return `${label} ${digits(images).padStart(8)} ${bar}`.trimEnd();
  });
  if (shown.length < ranked.length) lines.splice(10, 0, `… ${ranked.length - 20} classes between …`);
  return [...lines, ...unlabelled];
}

/** Numbers of boxes and masks of each split, and of the objects of each class. */
function annotationsOf(dataset: Dataset): string[] {
  const { classes, splits } = dataset.manifest;
  const wide = Math.min(30, Math.max(0, ...classes.map((name) => name.length)));
  return Object.entries(splits).flatMap(([split, { count }]) => {
    let [boxes, difficult, truncated, masks] = [0, 0, 0, 0];
    const byClass = classes.map(() => ({ objects: 0, difficult: 0, images: 0 }));
    for (let i = 0; i < count; i++) {
      const own = dataset.annotations(split, i).boxes ?? [];
      for (const box of own) {
        const ofClass = byClass[box.label]!;
        boxes++;
        ofClass.objects++;
        if (box.difficult) difficult++;
        if (box.difficult) ofClass.difficult++;
        if (box.truncated) truncated++;
      }
      for (const label of new Set(own.map((box) => box.label))) byClass[label]!.images++;
      if (dataset.hasMask(split, i)) masks++;
    }
    const lines = masks > 0 ? [`${split}: ${digits(masks)} masks`] : [];
    if (boxes === 0) return lines;
    lines.push(`${split}: ${digits(boxes)} boxes, ${digits(difficult)} difficult, ${digits(truncated)} truncated`);
    if (classes.length > mostBars) return lines;
    for (const [label, { objects, difficult: hard, images }] of byClass.entries()) {
      if (objects === 0) continue;
      const name = classes[label]!.slice(0, wide).padEnd(wide);
      const some = hard === 0 ? '' : `, ${digits(hard)} difficult`;
      lines.push(`  ${name} ${digits(objects).padStart(7)} in ${digits(images)} images${some}`);
    }
    return lines;
  });
}

/** How the source was read, where it said so. */
function readingLines(reading: DescribeOptions['reading']): string[] {
  if (reading === undefined) return [];
  const { layout, passedOver = [], turned = 0 } = reading;
  return [
    ...(layout === undefined ? [] : ['Folders read as', `  ${layout}`]),
    ...(turned === 0 ? [] : ['Turned upright by their EXIF orientation', `  ${digits(turned)} pictures`]),
    ...(passedOver.length === 0 ? [] : ['Passed over', ...passedOver.map((one) => `  ${passedOverText(one)}`)]),
  ];
}

/** All that is known of a dataset, as lines for people. */
export function describeDataset(dataset: Dataset, options: DescribeOptions): string[] {
  const { manifest } = dataset;
  const { mean, std } = manifest.statistics;
  const section = (title: string, lines: readonly string[]): string[] => [title, ...lines.map((line) => `  ${line}`)];
  const of = (values: readonly number[], over: number, places: number): string =>
    values.map((value) => (value / over).toFixed(places)).join(', ');
  const quarantined = manifest.quarantine.map(({ path, reason }) => `${oneLine(path)}: ${oneLine(reason)}`);
  const shown = options.all ? quarantined : quarantined.slice(0, firstQuarantined);
  const rest = quarantined.length - shown.length;
  const annotations = annotationsOf(dataset);
  return [
    `${manifest.name}: ${manifest.source.chosen}`,
    ...((options.warnings ?? []).length === 0
      ? []
      : section(
          'Beware',
          options.warnings!.map(({ message }) => message),
        )),
    ...section('Stored as', storedForm(dataset)),
    ...section(
      'Images',
      Object.entries(manifest.splits).map(([split, { count }]) => `${split.padEnd(8)} ${digits(count)}`),
    ),
    ...Object.keys(manifest.splits).flatMap((split) =>
      section(`Classes of ${split}`, histogram(dataset, split, options.columns)),
    ),
    ...(annotations.length === 0 ? [] : section('Annotations', annotations)),
    ...section('Channels of the training images', [
      `mean ${of(mean, 1, 2)}  (of 1: ${of(mean, 255, 4)})`,
      `std  ${of(std, 1, 2)}  (of 1: ${of(std, 255, 4)})`,
    ]),
    ...section('Left out', quarantined.length === 0 ? ['none'] : shown),
    ...(rest > 0 ? [`  and ${digits(rest)} more: --all shows them`] : []),
    ...readingLines(options.reading),
    `Digest ${manifest.digest}`,
  ];
}
