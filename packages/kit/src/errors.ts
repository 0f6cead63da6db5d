// @no-effect-on-results
/** Where an error comes from and what to do about it; every part is shown to the user. */
export interface UserErrorDetails {
  /** The file that is wrong or missing. */
  file?: string | undefined;
  /** The field inside that file, as a dotted path. */
  field?: string | undefined;
  /** What the user can do about it, as one sentence. */
  remedy?: string | undefined;
  cause?: unknown;
}

/**
 * An error that a user can mend: bad input, a missing tool, a full disk. The command line prints its
 * parts without a stack; anything else that is thrown counts as a bug and keeps its stack.
 */
export class UserError extends Error {
  readonly file: string | undefined;
  readonly field: string | undefined;
  readonly remedy: string | undefined;

  constructor(what: string, details: UserErrorDetails = {}) {
    super(what, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'UserError';
    this.file = details.file;
    this.field = details.field;
    this.remedy = details.remedy;
  }

  /** The error as printed: what happened, then file, field and remedy, a line each. */
  describe(): string {
    const lines = [this.message];
    if (this.file !== undefined) lines.push(`  file:   ${this.file}`);
    if (this.field !== undefined) lines.push(`  field:  ${this.field}`);
    if (this.remedy !== undefined) lines.push(`  remedy: ${this.remedy}`);
    return lines.join('\n');
  }
}
