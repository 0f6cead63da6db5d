import type { NameForms } from './name-forms.ts';

/** Files of a new part, and what to do with them. */
export interface NewFiles {
  /** Path from the root of the workspace to content. */
  readonly files: Readonly<Record<string, string>>;
  /** Commands to go on with. */
  readonly next: readonly string[];
}

/** Gives the files of a working part of one kind. */
export type Template = (forms: NameForms) => NewFiles;
