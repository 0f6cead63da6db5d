import type { Results, StageRow } from '../input.ts';
import { section, type Section } from '../markup/document.ts';
import type { FigurePage, Shown } from './figure-kind.ts';
import { findFigureKind } from './find-kind.ts';

/**
 * A section for each kind of figure that any stage published, in the order of the kinds. Throws `UserError` for a kind that
 * does not exist.
 */
export async function figureSections(page: Pick<Results, 'rows'> & FigurePage): Promise<Section[]> {
  const names = [...new Set(page.rows.flatMap(({ figures }) => figures.map(({ kind }) => kind)))];
  const kinds = await Promise.all(names.map(async (name) => ({ name, ...(await findFigureKind(name)) })));
  return kinds
    .sort((a, b) => a.section.place - b.section.place)
    .map(({ name, section: { title }, render }) => section(name, title, render(shownOf(page.rows, name), page)));
}

function shownOf(rows: readonly StageRow[], name: string): Shown<unknown>[] {
  return rows.flatMap((row) => row.figures.filter(({ kind }) => kind === name).map(({ data }) => ({ row, data })));
}
