// Infers the Nx projects of this workspace: packages, their parts, datasets, experiments, comparisons, and the aggregates
// of project "pipeline". Plain JavaScript, since Nx loads it without a build. Nx hands it the files that Git knows, so a
// new one is seen after `git add`.
import { dirname } from 'node:path';
import { comparisonProject } from './src/nx/comparison-project.mjs';
import { datasetProject } from './src/nx/dataset-project.mjs';
import { experimentProject } from './src/nx/experiment-project.mjs';
import { packageProject } from './src/nx/package-project.mjs';
import { pipelineProject } from './src/nx/pipeline-project.mjs';
import { readWorkspace } from './src/nx/workspace.mjs';

export const name = 'selfsup';

export const createNodes = [
  '{packages/*/package.json,packages/*/src/*/*/*.ts,pipelines/package.json,pipelines/datasets/*/dataset.json,' +
    'pipelines/experiments/*/experiment.json,pipelines/comparisons/*/comparison.json,tests/package.json}',
  (files, _options, { workspaceRoot }) => {
    const workspace = readWorkspace(files, workspaceRoot);
    const { packages, parts, datasets, experiments, comparisons, pipelines, tests } = workspace;
    const projects = (build, declared) => declared.map((one) => [one.file, build(one, workspace)]);
    return [
      ...projects(packageProject, packages),
      ...projects(partProject, parts),
      ...projects(datasetProject, datasets),
      ...projects(experimentProject, experiments),
      ...projects(comparisonProject, comparisons),
      ...(pipelines === undefined ? [] : [[pipelines.file, pipelineProject(workspace)]]),
      ...(tests === undefined ? [] : projects(packageProject, [tests])),
    ].map(([file, project]) => [file, { projects: { [project.root]: project } }]);
  },
];

/** A part does nothing by itself; what uses it depends on its files. */
const partProject = ({ file, project }) => ({ name: project, root: dirname(file), targets: {} });
