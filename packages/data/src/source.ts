import type { ZodType } from 'zod';
import type { Progress } from '@selfsup/kit/progress';
import type { Annotations } from './store/annotations.ts';
import type { DatasetWarning, ReadingFacts } from './store/manifest.ts';

/** Where a source may look, and whom to tell. */
export interface SourceContext {
  /** `SELFSUP_DATA`: a folder in which sources look for files by their known names. */
  readonly dataFolder?: string | undefined;
  /** Per-user cache for downloads and remembered checksums. */
  readonly cacheFolder: string;
  /** Whether checksums are computed anew even where they are remembered. */
  readonly fullHash?: boolean | undefined;
  /** Whether nothing is to be fetched: `NotFetched` is thrown where something would have to be. */
  readonly fetchNothing?: boolean | undefined;
  /** The folder of `dataset.json`: relative paths in it start here. */
  readonly datasetFolder: string;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
}

/** One image of a source as it is listed before anything is decoded. */
export interface SourceEntry {
  readonly split: string;
  /** Class index, or -1. */
  readonly label: number;
  /** Its name inside the source, unique in its split. */
  readonly path: string;
  /** Boxes and multi-label flags, in the pixels of the source's image. */
  readonly annotations?: Annotations;
  /** The size that its annotation says; an image of another one is damaged. */
  readonly size?: { readonly height: number; readonly width: number };
}

/**
 * One image as a source hands it out: raw pixels [height, width, channels], encoded bytes (JPEG, PNG and what else
 * sharp reads), or the reason why it cannot. A segmentation mask has one class index per pixel, [height, width],
 * 255 where it is void.
 */
export type SourceImage = { readonly entry: number; readonly mask?: SourceMask } & (
  | { readonly pixels: Uint8Array; readonly height: number; readonly width: number; readonly channels: number }
  | { readonly encoded: Uint8Array }
  | { readonly damaged: string }
);

/** A segmentation mask: [height, width] class indices, 255 for void. */
export interface SourceMask {
  readonly classes: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** An opened source. */
export interface SourceReading {
  readonly classes: readonly string[];
  /**
   * Size that every image has, [height, width, channels]; images of another size are quarantined. Absent where sizes
   * vary: then `store` of `dataset.json` says in which form they are kept.
   */
  readonly image?: { readonly height: number; readonly width: number; readonly channels: number };
  /** All images, split by split, in an order that does not depend on how the source is packed. */
  readonly entries: readonly SourceEntry[];
  /** How folders were read, where the source has to find that out. */
  readonly reading?: ReadingFacts;
  readonly warnings?: readonly DatasetWarning[];
  /** Hands out those entries for which `wanted(entry)` holds, in any order, each once. */
  images(wanted: (entry: number) => boolean): AsyncIterable<SourceImage>;
}

/** A source that answers. */
export interface FoundSource {
  /** What it is, in plain words and without places: it goes into manifests and reports. */
  readonly chosen: string;
  /** Where it was found on this machine; never part of any key. */
  readonly route: string;
  /** The settings that change what is read (not where from), as plain JSON: part of the ingest key. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** sha256 over the content, whatever its path: part of the ingest key. */
  readonly fingerprint: string;
  open(): Promise<SourceReading>;
}

/** What a look at a source gives: it answers, or the reason why not and what the user can do. */
export type Look = { readonly found: FoundSource } | { readonly missing: string; readonly remedy: string };

/**
 * One kind of source: the default export of `packages/data/src/sources/<type>/<type>.ts`, found by the `type` in
 * `dataset.json`.
 */
export interface Source<Config = unknown> {
  /** Checks the source's section of `dataset.json`, `type` included. Strict. */
  readonly schema: ZodType<Config>;
  /**
   * Looks whether the source answers: cheap where its files are present; where they are not it may fetch them into
   * the cache folder. Throws `UserError` where the user named a path that is missing or wrong.
   */
  look(config: Config, context: SourceContext): Promise<Look>;
}
