import { html, type Markup } from '../markup/html.ts';

/** An entry as charts and tables arrange it. */
export interface Arranged {
  readonly label: string;
  /** Entries of one group share a chart, and stand together in tables. */
  readonly group?: string | undefined;
  /** Drawn in the chart of every group. */
  readonly reference?: boolean | undefined;
}

/** One of several charts of the same scale. */
export interface Panel {
  /** Of the group; empty where entries have none. */
  readonly title: string;
  readonly members: readonly string[];
  /** Entries that stand in every panel. */
  readonly references: readonly string[];
}

/**
 * The charts over which entries are spread: one for each group, in order of appearance, with the references in each. Where all
 * are references they are the members of one chart.
 */
export function panelsOf(entries: readonly Arranged[]): Panel[] {
  const labels = (all: readonly Arranged[]): string[] => all.map(({ label }) => label);
  const references = labels(entries.filter(({ reference }) => reference === true));
  const groups = groupsOf(entries.filter(({ reference }) => reference !== true));
  if (groups.length === 0) return [{ title: '', members: references, references: [] }];
  return groups.map(({ title, members }) => ({ title, members: labels(members), references }));
}

/** Entries by group, in order of appearance; those of none last, under "Other systems" where there are groups. */
export function groupsOf<Entry extends Arranged>(entries: readonly Entry[]): { title: string; members: Entry[] }[] {
  const names = [...new Set(entries.flatMap(({ group }) => (group === undefined ? [] : [group])))];
  const groups = names.map((title) => ({ title, members: entries.filter(({ group }) => group === title) }));
  const others = entries.filter(({ group }) => group === undefined);
  if (others.length === 0) return groups;
  return [...groups, { title: names.length === 0 ? '' : 'Other systems', members: others }];
}

/** A line of a table above the entries of a group. */
export function groupRow(title: string, columns: number): Markup {
  return html`<tr class="group">
    <th scope="rowgroup" colspan="${columns}">${title}</th>
  </tr>`;
}
