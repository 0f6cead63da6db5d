import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { flushNames, makeFolder } from '@selfsup/kit/files';
import type { Progress } from '@selfsup/kit/progress';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from '@selfsup/models/checkpoint';

const pattern = /^step-(\d{9})\.safetensors$/;

/** The checkpoints from which an interrupted training goes on; the newest `keep` are kept. */
export class LiveCheckpoints {
  readonly #folder: string;
  readonly #keep: number;
  readonly #identity: string;
  #newest: string | undefined;

  /** `identity` is a digest of everything the training depends on: checkpoints of another identity are ignored. */
  constructor(folder: string, keep: number, identity: string) {
    this.#folder = folder;
    this.#keep = keep;
    this.#identity = identity;
  }

  /** Path of the newest checkpoint that was read or written whole. */
  get newest(): string | undefined {
    return this.#newest;
  }

  /** Path of the checkpoint, which is there after a power cut. Throws `UserError` where it cannot be written. */
  async save(step: number, checkpoint: Checkpoint): Promise<string> {
    const own = `step-${String(step).padStart(9, '0')}.safetensors`;
    const path = join(this.#folder, own);
    await makeFolder(this.#folder);
    await writeCheckpoint(path, { ...checkpoint, metadata: { ...checkpoint.metadata, identity: this.#identity } });
    // Its name too, before those before it go.
    await flushNames(this.#folder);
    this.#newest = path;
    // Those of later steps were passed over as the training began: they are in the place of none of its own.
    const upTo = (await this.#names()).filter((name) => name <= own);
    for (const old of upTo.slice(this.#keep)) await rm(join(this.#folder, old), { force: true });
    return path;
  }

  /** The newest checkpoint that is whole; torn ones are named in a warning and passed over. */
  async latest(progress: Progress): Promise<Checkpoint | undefined> {
    for (const name of await this.#names()) {
      const path = join(this.#folder, name);
      try {
        const checkpoint = await readCheckpoint(path);
        if (checkpoint.metadata['identity'] !== this.#identity) {
          progress.warn(`${path} belongs to another training, or to another version of this one; it is not used`);
          continue;
        }
        this.#newest = path;
        return checkpoint;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        progress.warn(`${error.message}; going back to the one before (${path})`);
      }
    }
    return undefined;
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Newest first. Also removes what a killed writer left. */
  async #names(): Promise<string[]> {
    const all = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    for (const name of all.filter((one) => one.endsWith('.tmp'))) await rm(join(this.#folder, name), { force: true });
    return all
      .filter((name) => pattern.test(name))
      .sort()
      .reverse();
  }
}
