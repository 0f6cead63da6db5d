import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Gives the checkout `root` a `node_modules`: packages from npm are those installed in `repository`, our own are the
 * checkout's. What is kept in `node_modules/.cache` stays apart.
 */
export function linkPackages(repository: string, root: string): void {
  const installed = join(repository, 'node_modules');
  const modules = join(root, 'node_modules');
  mkdirSync(modules, { recursive: true });
  for (const name of readdirSync(installed)) {
    if (name !== '@selfsup' && name !== '.cache') symlinkSync(join(installed, name), join(modules, name));
  }
  const folders = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name));
  for (const folder of [...folders, join(root, 'pipelines')]) {
    const file = join(folder, 'package.json');
    if (!existsSync(file)) continue;
    const { name } = JSON.parse(readFileSync(file, 'utf8')) as { name: string };
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(folder, join(modules, name));
  }
}
