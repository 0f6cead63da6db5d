import { z, type ZodType } from 'zod';
import type { Figure } from '@selfsup/kit/stage';
import type { Arranged } from '../charts/panels.ts';
import type { Results, StageRow } from '../input.ts';
import type { Markup } from '../markup/html.ts';

/** A figure and the stage that published it. */
export interface Shown<Data> {
  readonly row: StageRow;
  readonly data: Data;
}

/** What a kind of figure may know of the page that shows it. */
export interface FigurePage extends Pick<Results, 'seeds' | 'variants'> {
  /** The entries of a comparison; undefined in the report of one experiment. */
  readonly entries?: readonly Arranged[] | undefined;
}

/**
 * One kind of figure: what its data is, under which heading it stands and how it is drawn. The default export of
 * `figures/kinds/<kind>.ts`, where it is found by name.
 */
export interface FigureKind<Data = unknown> {
  /** Checks the data. Strict: unknown keys are errors. */
  readonly schema: ZodType<Data>;
  /** Heading of the section, and its place among those of other kinds: low numbers first. */
  readonly section: { readonly title: string; readonly place: number };
  /** Draws all figures of this kind, in the order of the stages. */
  render(shown: readonly Shown<Data>[], page: FigurePage): Markup;
}

/** A function that makes figures of one kind; apart from its kind, so that a stage that makes one reaches no renderer. */
export function figureMaker<Schema extends ZodType>(kind: string, _schema: Schema) {
  return (data: z.output<Schema>): Figure<z.output<Schema>> => ({ kind, data });
}

/** The bytes of a PNG file; on a page that was made lighter, of a WebP file. */
export const pictureBytes = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array,
  'must be the bytes of a picture',
);

/** The figures of the first seed of each variant. */
export function ofFirstSeeds<Data>(shown: readonly Shown<Data>[]): Shown<Data>[] {
  return shown.filter(({ row }) => row.seed === shown.find((one) => one.row.variant === row.variant)?.row.seed);
}
