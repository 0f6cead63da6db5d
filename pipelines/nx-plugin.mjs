// Infers the Nx projects of this workspace: packages, their parts, datasets, experiments, comparisons, and the aggregates
// of project "pipeline". Plain JavaScript, since Nx loads it without a build.
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { namedFolder } from '../packages/kit/src/files/named-folder.mjs';
import { partNames, partPath } from '../packages/kit/src/parts.mjs';
import { stageTarget } from './src/declare/expand.mjs';
import { comparisonProject } from './src/nx/comparison-project.mjs';
import { readExperimentPlan } from './src/nx/experiment-plan.mjs';
import { command, outputs, selfsup, shared } from './src/nx/target.mjs';

export const name = 'selfsup';

const settings = ['SELFSUP_THREADS', 'SELFSUP_DETERMINISTIC', 'SELFSUP_FPMATH', 'SELFSUP_DEVICE'];

export const createNodes = [
  '{packages/*/package.json,packages/*/src/*/*/*.ts,pipelines/package.json,pipelines/datasets/*/dataset.json,' +
    'pipelines/experiments/*/experiment.json,pipelines/comparisons/*/comparison.json,tests/package.json}',
  (files, _options, { workspaceRoot }) => {
    const workspace = readWorkspace(files, workspaceRoot);
    const nodes = [];
    const add = (file, project) => nodes.push([file, { projects: { [project.root]: project } }]);
    for (const pkg of workspace.packages) add(pkg.file, packageProject(pkg, workspace));
    for (const part of workspace.parts) add(part.file, { name: part.project, root: dirname(part.file), targets: {} });
    for (const file of workspace.datasets) add(file, datasetProject(file, workspace));
    for (const file of workspace.experiments) add(file, experimentProject(file, workspace));
    for (const file of workspace.comparisons) add(file, comparisonProject(file, workspace));
    if (workspace.pipelines !== undefined) add(workspace.pipelines.file, pipelineProject(workspace));
    if (workspace.tests !== undefined) add(workspace.tests.file, packageProject(workspace.tests, workspace));
    return nodes;
  },
];

/** What there is, from the files that Nx found. */
function readWorkspace(files, root) {
  const readPackage = (file) => {
    const manifest = JSON.parse(readFileSync(join(root, file), 'utf8'));
    const uses = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    const folder = dirname(file);
    return {
      file,
      root: folder,
      name: folder === 'pipelines' ? 'pipeline' : basename(folder),
      needs: uses.filter((used) => used.startsWith('@selfsup/')).map((used) => used.slice('@selfsup/'.length)),
    };
  };
  const matching = (pattern) => files.filter((file) => pattern.test(file)).sort();
  const packages = matching(/^packages\/[^/]+\/package\.json$/).map(readPackage);
  const parts = packages.flatMap(({ root: folder }) =>
    partNames(join(root, folder)).map((part) => {
      const packageName = basename(folder);
      // The data package's parts are called sources, so that they do not clash with datasets.
      const project = packageName === 'data' ? `data-source-${part}` : `${packageName}-${part}`;
      return {
        file: join(folder, partPath(join(root, folder), part)),
        packageName,
        part,
        ref: `${packageName}/${part}`,
        project,
      };
    }),
  );
  const artifacts = relative(root, namedFolder('SELFSUP_ARTIFACTS', { root }) ?? join(root, 'artifacts'));
  const [pipelines] = matching(/^pipelines\/package\.json$/).map(readPackage);
  const [tests] = matching(/^tests\/package\.json$/).map(readPackage);
  return {
    root,
    parts,
    pipelines,
    tests,
    packages,
    datasets: matching(/^pipelines\/datasets\/[^/]+\/dataset\.json$/),
    experiments: matching(/^pipelines\/experiments\/[^/]+\/experiment\.json$/),
    comparisons: matching(/^pipelines\/comparisons\/[^/]+\/comparison\.json$/),
    /** Undefined where artifacts lie outside the workspace: Nx can then neither hash nor restore them. */
    artifacts: artifacts.startsWith('..') ? undefined : artifacts,
    hasEngine: existsSync(join(root, 'packages/engine/src/setup/cli.mjs')),
    hasLockfile: existsSync(join(root, 'package-lock.json')),
  };
}

const setup = (workspace) => (workspace.hasEngine ? [{ projects: ['engine'], target: 'setup' }] : []);

function packageProject(pkg, workspace) {
  const targets = checkTargets(pkg, workspace);
  if (pkg.name === 'engine' && workspace.hasEngine) {
    targets.setup = command('node packages/engine/src/setup/cli.mjs', { cache: false });
  }
  const known = workspace.packages.map((other) => other.name);
  return {
    name: pkg.name,
    root: pkg.root,
    tags: [`package:${pkg.name}`],
    implicitDependencies: pkg.needs.filter((other) => known.includes(other)),
    targets,
  };
}

/** test, typecheck and lint of a package: they see its own files and those of the packages it builds on. */
function checkTargets(pkg, workspace) {
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
  const inputs = [
    { input: 'everything', projects: [...names, ...parts] },
    '{workspaceRoot}/package-lock.json',
    '{workspaceRoot}/tsconfig.base.json',
  ];
  const config = `${relative(pkg.root, '.')}/vitest.config.ts`;
  const results = '--reporter=default --reporter=json --outputFile.json=.results/vitest.json';
  return {
    test: {
      ...command(`vitest run --project ${basename(pkg.root)} --config ${config} ${results}`, {}, pkg.root),
      cache: true,
      parallelism: false,
      inputs: [...inputs, '{workspaceRoot}/vitest.config.ts', ...settings.map((env) => ({ env }))],
      outputs: ['{projectRoot}/.results'],
      dependsOn: setup(workspace),
    },
    typecheck: { ...command(`tsc --noEmit -p ${pkg.root}`), cache: true, inputs },
    lint: {
      ...command(`eslint ${pkg.root}`),
      cache: true,
      inputs: [...inputs, '{workspaceRoot}/eslint.config.mjs'],
    },
  };
}

function datasetProject(file, workspace) {
  const dataset = basename(dirname(file));
  const used = partsNamedIn(readJsonOr(join(workspace.root, file)), workspace, 'data');
  return {
    name: `data-${dataset}`,
    root: dirname(file),
    tags: ['dataset'],
    implicitDependencies: [...shared(workspace, ['kit', 'engine', 'data']), ...used],
    targets: {
      // Not cached by Nx, which cannot see the source files; the runner decides in a moment.
      ingest: command(`${selfsup} ingest ${dataset}`, {
        cache: false,
        dependsOn: setup(workspace),
        outputs: outputs(workspace, `${dataset}/ingest`),
      }),
    },
  };
}

function experimentProject(file, workspace) {
  const experiment = basename(dirname(file));
  const project = { name: `exp-${experiment}`, root: dirname(file), tags: ['experiment'], targets: {} };
  const check = (inputs) =>
    command(`${selfsup} check ${experiment}`, {
      cache: workspace.artifacts !== undefined,
      inputs,
      dependsOn: setup(workspace),
    });
  let plan;
  try {
    plan = readExperimentPlan(file, workspace);
  } catch {
    // Other projects go on working; whoever runs this one is told what is wrong with it, by the command line.
    return { ...project, targets: { report: command(`${selfsup} check ${experiment}`, { cache: false }) } };
  }
  const { variants, seeds } = plan;
  const used = new Set();
  const all = [];
  for (const variant of variants) {
    for (const stage of variant.order) {
      const declaration = variant.stages[stage];
      const refs = Object.values(declaration.needs);
      const upstream = refs.flatMap((ref) => (ref.startsWith('data/') ? [] : [variant.stages[ref]]));
      const own = partsNamedIn([declaration.uses, declaration.config], workspace);
      // A network chosen by a stage before is rebuilt by whoever loads its checkpoint.
      const networks = partsNamedIn(
        upstream.map(({ config }) => config),
        workspace,
        'models',
      );
      const projects = [...new Set([...own, ...networks, ...packagesUnder(declaration.uses.split('/')[0], workspace)])];
      for (const part of [...own, ...networks]) used.add(part);
      for (const seed of seeds) {
        const target = stageTarget(stage, variant.name, seed);
        all.push(target);
        project.targets[target] = command(
          `${selfsup} stage ${experiment} ${stage} --variant ${variant.name} --seed ${seed}`,
          {
            cache: workspace.artifacts !== undefined,
            parallelism: false,
            dependsOn: [
              'check',
              ...setup(workspace),
              ...refs.map((ref) =>
                ref.startsWith('data/')
                  ? { projects: [`data-${ref.slice('data/'.length)}`], target: 'ingest' }
                  : stageTarget(ref, variant.name, seed),
              ),
            ],
            inputs: [
              { json: '{projectRoot}/experiment.json', fields: [`stages.${stage}`, `variants.${variant.name}`] },
              { input: 'source', projects },
              { dependentTasksOutputFiles: '**/manifest.json' },
              { env: 'SELFSUP_EXACT' },
              { runtime: 'node pipelines/nx-machine.mjs' },
              ...(workspace.hasLockfile ? [{ externalDependencies: ['@tensorflow/tfjs-node-gpu'] }] : []),
            ],
            outputs: outputs(workspace, `${experiment}/${variant.name}/seed-${seed}/${stage}`),
          },
        );
      }
    }
  }
  const packages = shared(workspace, sharedPackages);
  project.targets.check = check([
    '{projectRoot}/experiment.json',
    { input: 'source', projects: [...packages, ...used, ...shared(workspace, ['pipeline'])] },
  ]);
  project.targets.report = command(`${selfsup} report ${experiment}`, {
    cache: workspace.artifacts !== undefined,
    dependsOn: all,
    inputs: [
      '{projectRoot}/experiment.json',
      { input: 'source', projects: shared(workspace, ['report', 'kit', 'pipeline']) },
      { dependentTasksOutputFiles: '**/manifest.json' },
    ],
    outputs: outputs(workspace, `${experiment}/report`),
  });
  return { ...project, implicitDependencies: [...packages, ...used] };
}

/** A package and those that it builds on. */
function packagesUnder(packageName, workspace) {
  const found = workspace.packages.find((pkg) => pkg.name === packageName);
  return found === undefined ? [] : [packageName, ...found.needs.flatMap((needed) => packagesUnder(needed, workspace))];
}

const sharedPackages = ['kit', 'report', 'engine', 'data', 'models', 'trainer', 'tasks', 'eval'];

function pipelineProject(workspace) {
  const targets = {};
  for (const file of workspace.experiments) {
    const experiment = basename(dirname(file));
    // Always run, after all else: looks behind Nx's cache into the store, and its last words are the report's path.
    targets[experiment] = command(`${selfsup} report-path ${experiment}`, {
      cache: false,
      parallelism: false,
      dependsOn: [{ projects: [`exp-${experiment}`], target: 'report' }],
    });
  }
  for (const file of workspace.comparisons) {
    const comparison = basename(dirname(file));
    const aggregate = command(`${selfsup} compare ${comparison}`, {
      cache: false,
      parallelism: false,
      dependsOn: [{ projects: [`cmp-${comparison}`], target: 'report' }],
    });
    targets[`compare-${comparison}`] = aggregate;
    // With the name of an experiment too, neither is run: the command line says why.
    targets[comparison] = Object.hasOwn(targets, comparison)
      ? command(`${selfsup} check ${comparison}`, { cache: false })
      : aggregate;
  }
  return {
    ...packageProject(workspace.pipelines, workspace),
    targets: { ...targets, ...checkTargets(workspace.pipelines, workspace) },
  };
}

/** Nx's name of the parts (of one package, or of any) that a piece of JSON names: `tasks/rotnet`, or `nin` alone. */
function partsNamedIn(value, workspace, packageName) {
  const words = new Set();
  const collect = (node) => {
    if (typeof node === 'string') words.add(node);
    else if (node !== null && typeof node === 'object') Object.values(node).forEach(collect);
  };
  collect(value);
  return workspace.parts
    .filter((part) => packageName === undefined || part.packageName === packageName)
    .filter((part) => words.has(part.ref) || (words.has(part.part) && ['models', 'data'].includes(part.packageName)))
    .map((part) => part.project);
}

function readJsonOr(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
