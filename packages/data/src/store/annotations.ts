/**
 * An object in an image. Edges lie on pixel borders, counted from 0 at the left and top edge of the image: a box that
 * covers the whole of a 32-pixel image is 0, 0, 32, 32. PASCAL VOC's 1-based inclusive (xmin, ymin, xmax, ymax) is
 * (xmin - 1, ymin - 1, xmax, ymax) here.
 */
export interface Box {
  /** Class index. */
  readonly label: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** Marked as hard to recognise: neither right nor wrong in PASCAL's evaluation. */
  readonly difficult: boolean;
  /** Goes on outside the box, or outside the image. */
  readonly truncated: boolean;
}

/** What is known of an image beside its one class. */
export interface Annotations {
  readonly boxes?: readonly Box[];
  /** Per class: 1 shown, 0 shown but only as difficult, -1 not shown (PASCAL's classification lists). */
  readonly presence?: readonly number[];
}

/**
 * A box clipped to its image: published ones may be off by a pixel. Throws `Error` that says of what it is, `what`, where it
 * lies further outside or has no area.
 */
export function boxWithin<B extends Omit<Box, 'label'>>(
  box: B,
  { height, width }: { readonly height: number; readonly width: number },
  what: string,
): B {
  if (box.left < -1 || box.top < -1 || box.right > width + 1 || box.bottom > height + 1) {
    throw new Error(`the box of ${what} lies outside the ${width} × ${height} pixels of the image`);
  }
  const [left, top] = [Math.max(0, box.left), Math.max(0, box.top)];
  const [right, bottom] = [Math.min(width, box.right), Math.min(height, box.bottom)];
  if (!(left < right && top < bottom)) throw new Error(`the box of ${what} has no area in the image`);
  return { ...box, left, top, right, bottom };
}

/** Annotations of an image that was scaled by the given factors. */
export function scaledAnnotations(annotations: Annotations, horizontally: number, vertically: number): Annotations {
  if (annotations.boxes === undefined) return annotations;
  const boxes = annotations.boxes.map((box) => ({
    ...box,
    left: box.left * horizontally,
    top: box.top * vertically,
    right: box.right * horizontally,
    bottom: box.bottom * vertically,
  }));
  return { ...annotations, boxes };
}
