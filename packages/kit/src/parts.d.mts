export function partNames(packageFolder: string): string[];
export function partPath(packageFolder: string, name: string): string;
