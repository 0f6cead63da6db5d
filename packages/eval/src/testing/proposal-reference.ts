import { readFileSync } from 'node:fs';
import { anchorsOver, type AnchorShape } from '../detection/anchors.ts';

/** See bench/oracles/proposals_reference.py. */
interface Reference {
  readonly image: { readonly height: number; readonly width: number };
  readonly stride: number;
  readonly units: number;
  readonly shapes: number[];
  /** Anchors wholly inside the image; the label of each, and offsets to their objects of those labelled 1. */
  readonly inside: number[];
  readonly objects: number[];
  readonly labels: number[];
  readonly encoded: number[];
  readonly scores: number[];
  readonly offsets: number[];
  readonly proposed: { before: number; after: number; overlap: number; leastSide: number; boxes: number[] }[];
}

/** Anchors of torchvision's over an image, with what it makes of them. */
export function proposalReference() {
  const url = new URL('../detection/proposals.reference.json', import.meta.url);
  const reference = JSON.parse(readFileSync(url, 'utf8')) as Reference;
  const { image, stride, units, shapes } = reference;
  const width = Math.ceil((image.width - 4) / stride);
  const pairs = Array.from({ length: shapes.length / 2 }, (_, i): AnchorShape => [shapes[2 * i]!, shapes[2 * i + 1]!]);
  // Units lie on 4, 16, …: on the border between the pixels 3 and 4.
  const anchors = anchorsOver({ height: units / width, width, stride, centre: 3.5 }, pairs);
  return { anchors, image, reference };
}
