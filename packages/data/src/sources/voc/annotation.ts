import { XMLParser } from 'fast-xml-parser';
import type { Box } from '../../store/annotations.ts';
import { vocClasses } from './classes.ts';

/** What the XML of an image says: its size and the objects in it. */
export interface VocAnnotation {
  readonly width: number;
  readonly height: number;
  /** Labels count from `vocClasses`. */
  readonly boxes: readonly Box[];
}

/** No annotation is that long. */
const mostBytes = 2 ** 20;

// Entities are not expanded: a few lines of them can unpack to gigabytes.
const parser = new XMLParser({ processEntities: false, parseTagValue: false, isArray: (name) => name === 'object' });

interface XmlObject {
  readonly name?: string;
  readonly difficult?: string;
  readonly truncated?: string;
  readonly bndbox?: Readonly<Record<'xmin' | 'ymin' | 'xmax' | 'ymax', string>>;
}

function numberIn(fields: Readonly<Record<string, unknown>> | undefined, name: string): number {
  const value = Number.parseFloat(String(fields?.[name]));
  if (!Number.isFinite(value)) throw new Error(`<${name}> is missing or no number`);
  return value;
}

function boxOf(object: XmlObject, width: number, height: number): Box {
  const label = vocClasses.indexOf(object.name ?? '');
  if (label < 0) throw new Error(`"${object.name}" is none of the twenty classes`);
  const [left, top, right, bottom] = [
    numberIn(object.bndbox, 'xmin') - 1,
    numberIn(object.bndbox, 'ymin') - 1,
    numberIn(object.bndbox, 'xmax'),
    numberIn(object.bndbox, 'ymax'),
  ];
  // Boxes may be off by a pixel: a few published ones are.
  if (left < -1 || top < -1 || right > width + 1 || bottom > height + 1 || left >= right || top >= bottom) {
    throw new Error(`the box of a ${object.name} lies outside the ${width} × ${height} pixels of the image`);
  }
  const flags = { difficult: object.difficult === '1', truncated: object.truncated === '1' };
  return {
    label,
    left: Math.max(0, left),
    top: Math.max(0, top),
    right: Math.min(width, right),
    bottom: Math.min(height, bottom),
    ...flags,
  };
}

/**
 * Reads an annotation of PASCAL VOC. Its boxes count from 1 and include their last pixel; ours lie on pixel borders
 * (`Box`). Parts of objects (heads, hands, feet) are no objects. Throws `Error` with the reason where it is no such XML,
 * names an unknown class or has a box outside the image.
 */
export function readVocAnnotation(content: Buffer): VocAnnotation {
  if (content.length > mostBytes) throw new Error(`has ${content.length} bytes: no annotation is that long`);
  const parsed = parser.parse(content.toString('utf8'), true) as {
    annotation?: { size?: Record<string, unknown>; object?: readonly XmlObject[] };
  };
  const { annotation } = parsed;
  if (annotation === undefined) throw new Error('holds no <annotation>');
  const width = numberIn(annotation.size, 'width');
  const height = numberIn(annotation.size, 'height');
  return { width, height, boxes: (annotation.object ?? []).map((object) => boxOf(object, width, height)) };
}
