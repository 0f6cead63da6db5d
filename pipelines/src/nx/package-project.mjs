import { basename, relative } from 'node:path';
import { command, settings } from './target.mjs';

/** The project of a package: its tests, types and lint, and the set-up of the engine. */
export function packageProject(pkg, workspace) {
  const known = workspace.packages.map((other) => other.name);
  const inputs = inputsOf(pkg, workspace);
  return {
    name: pkg.name,
    root: pkg.root,
    tags: [`package:${pkg.name}`],
    implicitDependencies: pkg.needs.filter((other) => known.includes(other)),
    targets: {
      test: test(pkg, workspace, inputs),
      typecheck: command(`tsc --noEmit -p ${pkg.root}`, 'Check the types', { cache: true, inputs }),
      lint: command(`eslint ${pkg.root}`, 'Look for mistakes that types do not show', {
        cache: true,
        inputs: [...inputs, '{workspaceRoot}/eslint.config.mjs'],
      }),
      ...(pkg.name === 'engine' && workspace.hasEngine ? { setup: engineSetup() } : {}),
    },
  };
}

function test(pkg, workspace, inputs) {
  const config = `${relative(pkg.root, '.')}/vitest.config.ts`;
  const results = '--reporter=default --reporter=json --outputFile.json=.results/vitest.json';
  const text = `vitest run --project ${basename(pkg.root)} --config ${config} ${results}`;
  const target = {
    cache: true,
    parallelism: false,
    inputs: [...inputs, '{workspaceRoot}/vitest.config.ts', ...settings.map((env) => ({ env }))],
    outputs: ['{projectRoot}/.results'],
    // Stages set it up themselves, where they compute.
    dependsOn: workspace.hasEngine ? [{ projects: ['engine'], target: 'setup' }] : [],
  };
  return command(text, 'Run the tests', target, pkg.root);
}

const engineSetup = () =>
  command('node packages/engine/src/setup/cli.mjs', 'Fetch or build TensorFlow for this machine', { cache: false });

/** What the checks of a package see: its own files and those of the packages it builds on. */
function inputsOf(pkg, workspace) {
  const all = [...workspace.packages, workspace.pipelines].filter((other) => other !== undefined);
  const seen = new Set([pkg]);
  const visit = (needed) => {
    const found = all.find((other) => basename(other.root) === needed);
    if (found === undefined || seen.has(found)) return;
    seen.add(found);
    found.needs.forEach(visit);
  };
  pkg.needs.forEach(visit);
  const names = [...seen].map((other) => other.name);
  const parts = workspace.parts.filter((part) => names.includes(part.packageName)).map((part) => part.project);
  // By project, not by path: a path below the workspace root would make this project affected by every part in it.
  return [
    { input: 'everything', projects: [...names, ...parts] },
    '{workspaceRoot}/package-lock.json',
    '{workspaceRoot}/tsconfig.base.json',
  ];
}
