import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '@selfsup/kit/files';

/** Results of the parts of a stage, in a file of its work folder, so that going on does not begin with the first again. */
export class ResultCache<Result> {
  readonly #path: string;
  readonly #identity: string;
  readonly #results: Map<string, Result>;

  private constructor(path: string, identity: string, results: Map<string, Result>) {
    this.#path = path;
    this.#identity = identity;
    this.#results = results;
  }

  /** Reads what was kept under this identity; nothing where the file has another identity or is damaged. */
  static async open<Result>(workFolder: string, identity: string): Promise<ResultCache<Result>> {
    const path = join(workFolder, 'results.json');
    const kept = await readFile(path, 'utf8')
      .then((text) => JSON.parse(text) as { identity: string; results: [string, Result][] })
      .catch(() => undefined);
    return new ResultCache(path, identity, new Map(kept?.identity === identity ? kept.results : []));
  }

  /** The result kept under this name, else what `make` gives, kept from then on. */
  async get(name: string, make: () => Promise<Result>): Promise<Result> {
    const kept = this.#results.get(name);
    if (kept !== undefined) return kept;
    const result = await make();
    this.#results.set(name, result);
    await writeAtomically(this.#path, JSON.stringify({ identity: this.#identity, results: [...this.#results] }));
    return result;
  }
}
