import { UserError } from '@selfsup/kit/errors';
import { cacheFolder } from '@selfsup/kit/folders';
import { parseOrExplain } from '@selfsup/kit/parse';
import type { Progress } from '@selfsup/kit/progress';
import { dataFolderState } from '../files/data-folder.ts';
import type { SourceReading } from '../source.ts';
import { datasetSchema } from '../store/manifest.ts';
import type { DatasetConfig } from './dataset-config.ts';
import { loadSource } from './load-source.ts';

export interface ResolveOptions {
  readonly config: DatasetConfig;
  /** The folder of `dataset.json`. */
  readonly datasetFolder: string;
  /** `SELFSUP_DATA`. */
  readonly dataFolder?: string | undefined;
  /** A path from the command line: it wins over `dataset.json`, for the first source that takes a path. */
  readonly path?: string | undefined;
  /** Whether all files are read to see if they have changed, rather than remembered by their size, times and inode. */
  readonly fullHash?: boolean | undefined;
  /** Whether nothing is fetched: `NotFetched` is thrown where a source would have to. */
  readonly fetchNothing?: boolean | undefined;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
  /** `dataset.json` itself, for error messages. */
  readonly file?: string | undefined;
}

/** The source that was chosen among those of a `dataset.json`. */
export interface ResolvedSource {
  readonly type: string;
  /** The settings that change what is read. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Whether a source named before it did not answer. */
  readonly fallback: boolean;
  /** In plain words, the same on every machine. */
  readonly chosen: string;
  /** Where it was found here; for `run.json` and the console only. */
  readonly route: string;
  /** Sources before it and why they were passed over; for `run.json` and the console only. */
  readonly passedOver: readonly { readonly type: string; readonly reason: string }[];
  /** All that the ingest key depends on besides code: plain JSON. */
  readonly identity: Readonly<Record<string, unknown>>;
  open(): Promise<SourceReading>;
}

/**
 * Chooses the first source of `config` that answers. Cheap where its files are there and their checksums remembered;
 * where they are not, a source may first fetch them into the per-user cache. A fallback is said plainly.
 * Throws `UserError` where a named path is wrong, or where no source answers: with each one's reason; and `NotFetched`.
 */
export async function resolveSource(options: ResolveOptions): Promise<ResolvedSource> {
  const { config, progress } = options;
  const passedOver: { type: string; reason: string; remedy: string }[] = [];
  const sections = options.path === undefined ? config.sources : config.sources.slice(0, 1);
  for (const [i, written] of sections.entries()) {
    const source = await loadSource(written.type, options.file, `sources.${i}.type`);
    const section = options.path === undefined ? written : { ...written, path: options.path };
    const settings = parseOrExplain(source.schema, section, options.file, `sources.${i}`);
    const look = await source.look(settings, {
      dataFolder: options.dataFolder,
      // That there is none is an error only for a source that needs it.
      get cacheFolder() {
        return cacheFolder();
      },
      fullHash: options.fullHash,
      fetchNothing: options.fetchNothing,
      datasetFolder: options.path === undefined ? options.datasetFolder : process.cwd(),
      progress,
      signal: options.signal,
    });
    if ('missing' in look) {
      passedOver.push({ type: written.type, reason: look.missing, remedy: look.remedy });
      continue;
    }
    const { found } = look;
    const names = [...new Set(passedOver.map(({ type }) => type))];
    const fallback = names.length > 0;
    const chosen = fallback
      ? `${found.chosen}, standing in for ${names.join(' and ')}, which did not answer`
      : found.chosen;
    if (fallback) {
      for (const { type, reason } of passedOver) progress.warn(`Source ${type} does not answer: ${reason}`);
      progress.warn(`Using instead: ${found.chosen}`);
    }
    return {
      type: written.type,
      config: found.settings,
      fallback,
      chosen,
      route: found.route,
      passedOver,
      identity: {
        schema: datasetSchema,
        type: written.type,
        config: found.settings,
        fallback,
        fingerprint: found.fingerprint,
        store: config.store ?? null,
      },
      open: () => found.open(),
    };
  }
  throw new UserError(
    [
      'No source of this dataset answers:',
      ...passedOver.map(({ type, reason }) => `  ${type}: ${reason}`),
      dataFolderState(options.dataFolder),
    ].join('\n'),
    {
      file: options.file,
      field: 'sources',
      remedy: [...new Set(passedOver.map(({ remedy }) => remedy))].join(' '),
    },
  );
}
