import type { partsKind } from '@selfsup/kit/parts';
import type { StageContext, StageResult } from '@selfsup/kit/stage';
import type { Session } from '../run/session.ts';

/** What may be asked of a source on the command line. */
export interface Asked {
  /** Where the first source of a dataset lies. */
  readonly path?: string | undefined;
  /** Read all of a source to see whether it has changed. */
  readonly fullHash?: boolean | undefined;
  /** Fetch nothing of a source: an error of the name `NotFetched` is thrown where something would have to be. */
  readonly fetchNothing?: boolean | undefined;
}

/** A stage whose declaration was checked by what runs it. */
export interface Prepared {
  /** The config with its defaults filled in; `dataset.json` without what is only said to people. */
  readonly config: unknown;
  /** What enters the key: the config as declared; of a dataset what identifies the source that answers. */
  readonly identity: unknown;
  /** Parts that the config chose, such as `models/nin`. */
  readonly parts: readonly string[];
  /** Whether several processes may share its work whatever its config says. */
  readonly shares?: true | undefined;
  run(context: Omit<StageContext<unknown>, 'config'>): Promise<StageResult>;
  /** What a dry run does in the place of `run`. */
  rehearse?: ((context: Omit<StageContext<unknown>, 'config'>) => Promise<StageResult>) | undefined;
}

/**
 * A stage of an experiment with its variant and seed, or the one that makes a dataset and needs nothing: all that its
 * declaration says. Made once when that is read, and handed on.
 */
export interface Stage {
  /** As its experiment calls it; the dataset's name. */
  readonly name: string;
  /** `base` where no variants are declared, and for a dataset. */
  readonly variant: string;
  /** 0 for a dataset. */
  readonly seed: number;
  /** What `needs` call it: its name, or `data/<dataset>`. */
  readonly ref: string;
  /** The part that runs, such as `tasks/rotnet`; `data/ingest` for a dataset. */
  readonly uses: string;
  readonly kind: ReturnType<typeof partsKind>;
  /** The file whose code runs. */
  readonly root: string;
  /** Its config as declared; undefined where only preparing it says what of it counts. */
  readonly declared: Readonly<Record<string, unknown>> | undefined;
  /** What its key holds beside its parts. */
  readonly keyed?: Readonly<Record<string, unknown>>;
  /** Whether it is part of a dry run, whose results count for nothing else. */
  readonly dryRun: boolean;
  /** Role to the stage that fills it. */
  readonly needs: Readonly<Record<string, Stage>>;
  /** Whether photographs that were trained on in another dataset may be tested on; refused where nothing is said. */
  readonly sharedPhotographs?: 'refuse' | 'warn' | undefined;
  /** The experiment to try where the work takes too long on this machine. */
  readonly smallTwin?: string | undefined;
  /** In a few words, for people. */
  readonly label: string;
  /** The same with settings, as `--set` gives them, in the place of the variant that is made of them. */
  readonly brief?: string;
  /** How commands name it: `toy pretrain --variant base --seed 1`, or `data/few`. */
  readonly named: string;
  /** The words of the command that brings it up to date. */
  readonly command: readonly string[];
  /** Where it publishes: `manifest.json`, `metrics.json`, `run.json` and small files. */
  readonly folder: string;
  /** Where it keeps what survives an interruption, its lease included. */
  readonly workFolder: string;
  /** The store of its blobs. */
  readonly store: string;
  /** Checks its declaration by what runs it. Throws `UserError` naming file and field, or where no source answers. */
  prepare(session: Session, asked?: Asked): Promise<Prepared>;
  /** Throws `UserError` where the result in a folder is refused by what is declared now, though of the same key. */
  refuse?(folder: string): Promise<void>;
  /** Whether what was made of this config stays good when the source is gone. */
  survives?(resolvedConfig: unknown): Promise<boolean>;
}

/** Where stages are declared and publish. */
export type Places = Pick<Session, 'workspace' | 'artifacts' | 'dryRunFolder'>;
