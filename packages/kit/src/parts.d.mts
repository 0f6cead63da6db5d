export function partsRoom(packageFolder: string): string | undefined;
export function partNames(packageFolder: string): string[];
export function partPath(packageFolder: string, name: string): string;
