/** A size of some files, for people. */
export function shownSize(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
