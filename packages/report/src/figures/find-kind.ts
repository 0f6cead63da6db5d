import { readdirSync } from 'node:fs';
import { UserError } from '@selfsup/kit/errors';
import type { FigureKind } from './figure-kind.ts';

const folder = new URL('./kinds/', import.meta.url);

/** Names of the kinds of figures that there are. */
export function figureKinds(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
}

/** Loads a kind by name. Throws `UserError` listing those there are. */
export async function findFigureKind(name: string): Promise<FigureKind> {
  const names = figureKinds();
  if (!names.includes(name))
    throw new UserError(`There is no kind of figure '${name}'`, { remedy: `There are: ${names.join(', ')}.` });
  const { default: kind } = (await import(/* @vite-ignore */ new URL(`${name}.ts`, folder).href)) as {
    default: FigureKind;
  };
  return kind;
}
