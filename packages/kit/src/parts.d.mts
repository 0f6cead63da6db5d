export function partNames(packageFolder: string): string[];
export function partPath(packageFolder: string, name: string): string;
export function partThere(packageFolder: string, name: string): string | undefined;
export function partsKind(
  packageFolder: string,
): 'dataset' | 'network' | 'pretraining' | 'evaluation' | 'panel' | undefined;
export function partChooser(
  packageFolder: string,
  list?: 'namedAt' | 'datasetsNamedAt',
): (config: unknown) => ReadonlySet<unknown>;
export function partPlaces(
  packageFolder: string,
  list?: 'namedAt' | 'datasetsNamedAt',
): (config: unknown) => { path: string[]; name: unknown; section: Record<string, unknown> }[];
export function entryPath(packageFolder: string, entry: string): string | undefined;
