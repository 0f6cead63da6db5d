import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { sha256 } from '@selfsup/kit/files';

/** A place that a team shares, which holds objects by path. An object is whole from the moment on that it is seen. */
export interface Remote {
  /** As the settings call it. */
  readonly name: string;
  /** Where it is, for people. */
  readonly url: string;
  /** Bytes of an object; undefined where there is none. */
  size(path: string, signal?: AbortSignal): Promise<number | undefined>;
  /** The bytes of an object from `from` on. Throws `NotThere`. */
  read(path: string, from: number, signal?: AbortSignal): Promise<Readable>;
  /** All objects whose path begins with `prefix`, a folder; undefined for a remote that cannot tell. */
  readonly list?: (prefix: string, signal?: AbortSignal) => AsyncIterable<Listed>;
  /** As `list`, their paths alone: for a remote that is quicker at that. */
  readonly listPaths?: (prefix: string, signal?: AbortSignal) => AsyncIterable<Pick<Listed, 'path'>>;
  /**
   * Makes an object, whole or not at all, and goes on where an earlier call for the same content was cut. One that is
   * there is never replaced: then nothing is written. Undefined for a remote that can only be read.
   */
  readonly write?: (path: string, content: Content, options?: WriteOptions) => Promise<'written' | 'there'>;
  /** Removes an object, which need not be there. */
  readonly remove?: (path: string) => Promise<void>;
  /** Removes uploads that nobody went on with for `minAge` milliseconds. */
  readonly sweep?: (minAge: number) => Promise<void>;
  /**
   * The time by which `modified` counts, in milliseconds: that of whoever keeps the objects, where the clock here may be
   * wrong. Undefined for a remote that cannot tell.
   */
  readonly now?: () => Promise<number>;
}

/** The time by which the ages of a remote's objects count. */
export async function timeOf(remote: Pick<Remote, 'now'>): Promise<number> {
  return remote.now?.() ?? Date.now();
}

export interface Listed {
  readonly path: string;
  readonly bytes: number;
  readonly modified: Date;
}

export interface WriteOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called as bytes arrive, those that an earlier call had brought included. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** What an object is to hold. */
export interface Content {
  readonly bytes: number;
  readonly sha256: string;
  /** Its bytes from `from` on, up to and without `to`. */
  open(from: number, to?: number): Readable;
}

/** Bytes from which on a transfer is shown. */
export const worthShowing = 10e6;

/** There is no such object. */
export class NotThere extends Error {
  constructor(path: string, { url }: Pick<Remote, 'url'>) {
    super(`There is no ${path} in ${url}`);
    this.name = 'NotThere';
  }
}

/** The remote answered, and will answer the same again: no right to it, no such bucket. */
export class Refused extends Error {
  override name = 'Refused';
}

/** A file as content; its digest is taken on trust and checked where it arrives. */
export function fileContent(file: string, bytes: number, digest: string): Content {
  return {
    bytes,
    sha256: digest,
    open: (from, to = bytes) =>
      to > from ? createReadStream(file, { start: from, end: to - 1, highWaterMark: 1 << 20 }) : Readable.from([]),
  };
}

/** A text as content. */
export function textContent(text: string): Content {
  const whole = Buffer.from(text);
  return {
    bytes: whole.length,
    sha256: sha256(whole),
    open: (from, to = whole.length) => Readable.from(to > from ? [whole.subarray(from, to)] : []),
  };
}

/** All of a stream, which is to be short. */
export async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
