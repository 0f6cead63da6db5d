import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, writeAtomically } from '@selfsup/kit/files';

/** How far a clustering has come; parts follow one another. */
export interface ClusteringPosition {
  readonly part: 'features' | 'whitened' | 'k-means' | 'done';
  /** Batches or rows of the part that lie on the disk. */
  readonly batches: number;
  readonly rows: number;
}

const start: ClusteringPosition = { part: 'features', batches: 0, rows: 0 };

/**
 * The folder of one clustering under way and the record of how far it came, which is written after what it speaks of.
 * What another clustering (of other weights, another epoch, another training) left is removed.
 */
export class ClusteringRecord {
  readonly folder: string;
  readonly #identity: string;
  readonly #everySeconds: number;
  #position: ClusteringPosition;
  #written = performance.now();

  private constructor(folder: string, identity: string, everySeconds: number, position: ClusteringPosition) {
    this.folder = folder;
    this.#identity = identity;
    this.#everySeconds = everySeconds;
    this.#position = position;
  }

  static async open(folder: string, identity: string, everySeconds: number): Promise<ClusteringRecord> {
    const found = readRecord(join(folder, 'record.json'));
    if (found?.identity !== identity) await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const position = found?.identity === identity ? found.position : start;
    return new ClusteringRecord(folder, identity, everySeconds, position);
  }

  get position(): ClusteringPosition {
    return this.#position;
  }

  /** Path of a file in the folder. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Whether it is time to write how far the work came. */
  get isDue(): boolean {
    return performance.now() - this.#written >= this.#everySeconds * 1000;
  }

  /** Writes how far the work came; what it speaks of must be on the disk. */
  async write(position: ClusteringPosition): Promise<void> {
    await writeAtomically(this.path('record.json'), canonicalJson({ identity: this.#identity, position }));
    this.#position = position;
    this.written();
  }

  /** Starts the time to the next writing anew. */
  written(): void {
    this.#written = performance.now();
  }

  async remove(...names: readonly string[]): Promise<void> {
    for (const name of names) await rm(this.path(name), { force: true });
  }
}

function readRecord(path: string): { identity: string; position: ClusteringPosition } | undefined {
  if (!existsSync(path)) return undefined;
  return JSON.parse(readFileSync(path, 'utf8')) as { identity: string; position: ClusteringPosition };
}
