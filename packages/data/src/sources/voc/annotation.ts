import { XMLParser } from 'fast-xml-parser';
import { boxWithin, type Box } from '../../store/annotations.ts';

/** An object as its annotation names it. */
interface VocObject extends Omit<Box, 'label'> {
  /** Its class. */
  readonly name: string;
}

/** What the XML of an image says. */
export interface VocAnnotation {
  /** Size of the image in pixels, where it says one: some tools write 0. */
  readonly size: { readonly height: number; readonly width: number } | undefined;
  readonly objects: readonly VocObject[];
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
  const written = fields?.[name];
  const value = typeof written === 'string' ? Number.parseFloat(written) : NaN;
  if (!Number.isFinite(value)) throw new Error(`<${name}> is missing or no number`);
  return value;
}

/** The signs that stand for others in any XML; further ones, which a file may define, stay as they are written. */
const plain = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

function objectOf({ name: written, bndbox, difficult, truncated }: XmlObject, size: VocAnnotation['size']): VocObject {
  if (typeof written !== 'string' || written === '') throw new Error('an object has no <name>');
  const name = plain(written);
  const object = {
    name,
    left: numberIn(bndbox, 'xmin') - 1,
    top: numberIn(bndbox, 'ymin') - 1,
    right: numberIn(bndbox, 'xmax'),
    bottom: numberIn(bndbox, 'ymax'),
    difficult: difficult === '1',
    truncated: truncated === '1',
  };
  return size === undefined ? object : boxWithin(object, size, `a ${name}`);
}

interface AnnotationXml {
  readonly annotation?: { size?: Record<string, unknown>; object?: readonly XmlObject[] } | '';
}

function parsedXml(text: string): AnnotationXml {
  try {
    return parser.parse(text, true) as AnnotationXml;
  } catch (cause) {
    const { message } = cause as Error;
    // The parser lists the elements that are open at the end, as JSON, and calls them invalid.
    const open = /^Invalid '(\[.*\])' found/s.exec(message)?.[1];
    if (open === undefined) throw cause;
    const names = (JSON.parse(open) as string[]).map((name) => `<${name}>`).join(', ');
    throw new Error(`is cut off: ${names} stay open`, { cause });
  }
}

/**
 * Reads an annotation of PASCAL VOC. Its boxes count from 1 and include their last pixel; ours lie on pixel borders
 * (`Box`). Parts of objects (heads, hands, feet) are no objects. Throws `Error` with the reason where it is no such XML or
 * has a box outside the image.
 */
export function readVocAnnotation(content: Buffer): VocAnnotation {
  if (content.length > mostBytes) throw new Error(`has ${content.length} bytes: no annotation is that long`);
  if (content.length === 0) throw new Error('is empty');
  const { annotation } = parsedXml(content.toString('utf8'));
  if (typeof annotation !== 'object') throw new Error('holds no <annotation>');
  const side = (name: string): number => {
    const written = annotation.size?.[name];
    return (typeof written === 'string' && Number.parseFloat(written)) || 0;
  };
  const [width, height] = [side('width'), side('height')];
  const size = width > 0 && height > 0 ? { width, height } : undefined;
  return { size, objects: (annotation.object ?? []).map((object) => objectOf(object, size)) };
}
