import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Facts, PackageProblem } from './facts.ts';

interface Manifest {
  version?: string;
  dependencies?: Record<string, string>;
}

/** Compares what the workspace's packages pin with what is installed below `root`. Reads files only. */
export function inspectPackages(root: string): Facts['packages'] {
  const folders = [...readdirSync(join(root, 'packages')).map((name) => join('packages', name)), 'pipelines'];
  const problems = new Map<string, PackageProblem>();
  const seen = new Set<string>();
  for (const folder of folders.filter((name) => existsSync(join(root, name, 'package.json')))) {
    for (const [name, wanted] of Object.entries(read(join(root, folder))?.dependencies ?? {})) {
      const ours = name.startsWith('@selfsup/');
      seen.add(name);
      const installed = [join(root, folder), root]
        .map((base) => read(join(base, 'node_modules', name))?.version)
        .find((version) => version !== undefined);
      if (installed === undefined || (!ours && installed !== wanted)) problems.set(name, { name, wanted, installed });
    }
  }
  return { count: seen.size, problems: [...problems.values()] };
}

function read(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}
