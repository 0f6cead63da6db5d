import type { ImageShape } from '@selfsup/models/network';
import type { ImagesData } from '../page-data.ts';
import { colours, draw, picture as pictureCanvas } from './canvas.ts';
import { element } from './element.ts';
import type { ChosenPicture } from './page.ts';

/** Test images that are shown at first; the others are behind a button. */
const shownAtFirst = 24;

/** Test images and a picture of one's own to choose from. */
export interface PictureChooser {
  readonly place: HTMLElement;
  picture(): ChosenPicture;
  onPicture(listener: () => void): void;
}

/** Fills a part of the page with the test images and the ways to bring a picture: file, drop, paste. It stays in the page. */
export function choosePictures(data: ImagesData, pixelsOf: (image: number) => Uint8Array): PictureChooser {
  const listeners: (() => void)[] = [];
  let chosen = testPicture(data, pixelsOf(0), 0);
  const take = (picture: ChosenPicture): void => {
    chosen = picture;
    for (const listener of listeners) listener();
  };

  const thumbnails = Array.from({ length: data.count }, (_, i) => {
    const pixels = pixelsOf(i);
    const canvas = element('canvas', { 'aria-hidden': 'true' });
    draw(canvas, colours(pixels, data), data.width);
    const radio = element('input', { type: 'radio', name: 'picture', value: i, checked: i === 0 });
    radio.addEventListener('change', () => take(testPicture(data, pixels, i)));
    const name = element('span', { class: 'unseen' }, testName(data, i));
    return element('label', { class: 'thumbnail', hidden: i >= shownAtFirst }, radio, canvas, name);
  });
  const more = element(
    'button',
    { type: 'button', hidden: data.count <= shownAtFirst },
    `All ${data.count} test images`,
  );
  more.addEventListener('click', () => {
    for (const thumbnail of thumbnails) thumbnail.hidden = false;
    more.hidden = true;
    thumbnails[shownAtFirst]?.querySelector('input')?.focus();
  });

  const told = element('p', { role: 'status' });
  const own = async (file: Blob | null | undefined): Promise<void> => {
    if (file == null) return;
    try {
      take(await ownPicture(file));
      for (const radio of thumbnails.map((one) => one.querySelector('input')!)) radio.checked = false;
      told.textContent = 'Your picture is looked at. It stays in this page.';
    } catch {
      told.textContent = 'This browser cannot read that file as a picture.';
    }
  };
  const file = element('input', { type: 'file', accept: 'image/*', id: 'own' });
  file.addEventListener('change', () => void own(file.files?.[0]));
  listenForPictures((blob) => void own(blob));

  const place = element(
    'section',
    { id: 'pictures' },
    element('h2', {}, 'A picture to look at'),
    element('fieldset', { class: 'thumbnails' }, element('legend', {}, 'Test images'), ...thumbnails),
    element(
      'div',
      { class: 'beside' },
      more,
      element('label', { for: 'own' }, 'or one of your own (choose, drop or paste it):'),
      file,
    ),
    told,
  );
  return { place, picture: () => chosen, onPicture: (listener) => void listeners.push(listener) };
}

/** Hands over pictures that are dropped on the page or pasted into it. */
function listenForPictures(take: (file: Blob | null | undefined) => void): void {
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    take(event.dataTransfer?.files[0]);
  });
  document.addEventListener('paste', (event) => {
    const item = [...(event.clipboardData?.items ?? [])].find(({ type }) => type.startsWith('image/'));
    if (item !== undefined) take(item.getAsFile());
  });
}

/** What a test image is called. */
export function testName({ indices, labels, classes }: ImagesData, i: number): string {
  const label = classes[labels[i]!];
  return `test image ${indices[i]}${label === undefined ? '' : `, ${label}`}`;
}

/** A test image as a picture that is looked at. */
export function testPicture(data: ImagesData, pixels: Uint8Array, i: number): ChosenPicture {
  const { height, width, channels } = data;
  const isOwnSize = (input: ImageShape): boolean =>
    input.height === height && input.width === width && input.channels === channels;
  return {
    name: testName(data, i),
    pixels(input) {
      if (isOwnSize(input)) return Float32Array.from(pixels);
      const canvas = pictureCanvas('');
      draw(canvas, colours(pixels, data), width);
      return scaled(canvas, input);
    },
  };
}

async function ownPicture(file: Blob): Promise<ChosenPicture> {
  const bitmap = await createImageBitmap(file);
  return { name: 'your picture', pixels: (input) => scaled(bitmap, input) };
}

/** The middle of an image, of the shape that is asked for, as pixels of that size. */
function scaled(image: ImageBitmap | HTMLCanvasElement, { height, width, channels }: ImageShape): Float32Array {
  const canvas = element('canvas', { width, height });
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const scale = Math.min(image.width / width, image.height / height);
  const [across, down] = [width * scale, height * scale];
  context.imageSmoothingQuality = 'high';
  // What is transparent counts as white.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  const [left, top] = [(image.width - across) / 2, (image.height - down) / 2];
  context.drawImage(image, left, top, across, down, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return Float32Array.from({ length: height * width * channels }, (_, i) => {
    const at = 4 * Math.floor(i / channels);
    if (channels === 3) return data[at + (i % 3)]!;
    return Math.round(0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!);
  });
}
