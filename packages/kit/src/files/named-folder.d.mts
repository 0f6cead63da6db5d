export type FolderVariable = 'SELFSUP_ARTIFACTS' | 'SELFSUP_CACHE' | 'SELFSUP_DATA';
export function isFolder(path: string): boolean;
export function workspaceAbove(from?: string): string | undefined;
export function namedFolder(
  variable: FolderVariable,
  options?: { readonly environment?: NodeJS.ProcessEnv; readonly root?: string },
): string | undefined;
