import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { namedFolder } from '../../../packages/kit/src/files/named-folder.mjs';
import { partChooser, partNames, partPath, partsKind } from '../../../packages/kit/src/parts.mjs';
import { datasetOf, expandVariants } from '../declare/expand.mjs';

/**
 * What there is, from the files that Nx found: packages and their parts, and what datasets, experiments and comparisons
 * declare. Each file is read once; `plan` of an experiment and `declared` are undefined where a file is broken.
 */
export function readWorkspace(files, root) {
  const matching = (pattern) => files.filter((file) => pattern.test(file)).sort();
  const declarations = (kind, folder) =>
    matching(new RegExp(`^pipelines/${folder}/[^/]+/${kind}\\.json$`)).map((file) => {
      return { file, root: dirname(file), name: basename(dirname(file)), declared: readJsonOr(join(root, file)) };
    });
  const packages = matching(/^packages\/[^/]+\/package\.json$/).map((file) => readPackage(root, file));
  const [pipelines, tests] = ['pipelines', 'tests'].map((folder) =>
    files.includes(`${folder}/package.json`) ? readPackage(root, `${folder}/package.json`) : undefined,
  );
  const datasets = declarations('dataset', 'datasets');
  const names = datasets.map(({ name }) => name);
  const artifacts = relative(root, namedFolder('SELFSUP_ARTIFACTS', { root }) ?? join(root, 'artifacts'));
  return {
    root,
    packages,
    parts: packages.flatMap(({ parts }) => parts),
    pipelines,
    tests,
    datasets,
    experiments: declarations('experiment', 'experiments').map((one) => ({
      ...one,
      plan: planOf(one.declared, names),
    })),
    comparisons: declarations('comparison', 'comparisons'),
    /** Undefined where artifacts lie outside the workspace: Nx can then neither hash nor restore them. */
    artifacts: artifacts.startsWith('..') ? undefined : artifacts,
    hasEngine: existsSync(join(root, 'packages/engine/src/setup/cli.mjs')),
    hasLockfile: existsSync(join(root, 'package-lock.json')),
  };
}

function readPackage(root, file) {
  const folder = dirname(file);
  const manifest = JSON.parse(readFileSync(join(root, file), 'utf8'));
  const used = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  const kind = partsKind(join(root, folder));
  return {
    file,
    root: folder,
    name: folder === 'pipelines' ? 'pipeline' : basename(folder),
    needs: used.filter((name) => name.startsWith('@selfsup/')).map((name) => name.slice('@selfsup/'.length)),
    kind,
    /** Names of the parts that a config chooses. */
    chosen: partChooser(join(root, folder)),
    /** Names of the datasets that a config builds on. */
    datasets: partChooser(join(root, folder), 'datasetsNamedAt'),
    parts: partNames(join(root, folder)).map((part) => ({
      file: join(folder, partPath(join(root, folder), part)),
      packageName: basename(folder),
      part,
      ref: `${basename(folder)}/${part}`,
      // Sources are called so, that they do not clash with datasets.
      project: `${basename(folder)}${kind === 'dataset' ? '-source' : ''}-${part}`,
    })),
  };
}

/** Variants and seeds of an experiment; undefined for one that is broken or names data that there is not. */
function planOf(declared, datasets) {
  try {
    const variants = expandVariants(declared);
    const refs = variants.flatMap(({ stages }) => Object.values(stages).flatMap(({ needs }) => Object.values(needs)));
    if (refs.map(datasetOf).some((dataset) => dataset !== undefined && !datasets.includes(dataset))) return undefined;
    const explore = declared.explore !== undefined;
    return { variants, explore, seeds: Array.isArray(declared.seeds) ? declared.seeds : [1] };
  } catch {
    return undefined;
  }
}

/** Of all packages, or those of one kind, the parts whose name a stage uses or a config chooses: Nx's names. */
export function partsChosen(workspace, { uses, config }, kind) {
  return workspace.packages
    .filter((pkg) => kind === undefined || pkg.kind === kind)
    .flatMap(({ parts, chosen }) => {
      const names = chosen(config);
      return parts.filter(({ ref, part }) => ref === uses || names.has(part)).map(({ project }) => project);
    });
}

/** The datasets that another one is made of: Nx's names. */
export function datasetsBelow(workspace, config) {
  const names = workspace.packages.flatMap(({ datasets }) => [...datasets(config)]);
  return workspace.datasets.filter(({ name }) => names.includes(name)).map(({ name }) => `data-${name}`);
}

/** A package and those that it builds on. */
export function packagesUnder(workspace, packageName) {
  const found = workspace.packages.find((pkg) => pkg.name === packageName);
  return found === undefined ? [] : [packageName, ...found.needs.flatMap((needed) => packagesUnder(workspace, needed))];
}

/** Those of these packages that the workspace has. */
export function shared(workspace, names) {
  const known = [...workspace.packages, workspace.pipelines].map((pkg) => pkg?.name);
  return names.filter((pkg) => known.includes(pkg));
}

function readJsonOr(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
