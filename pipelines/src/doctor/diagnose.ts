import { dataSize } from '@selfsup/kit/units';
import type { DatasetState, Facts, FolderState, Tool } from './facts.ts';

/** One line of the doctor's report. Only `fail` makes the command fail. */
export interface Finding {
  readonly status: 'ok' | 'warn' | 'fail';
  readonly what: string;
  readonly says: string;
  readonly remedy?: string | undefined;
}

/** Below this nothing useful can be kept. */
const LEAST_BYTES = 100e6;
/** The engine while it is set up, or a dataset with its checkpoints and features. */
const COMFORTABLE_BYTES = 3e9;

/** Judges the facts, one finding or more for each thing, in the order in which they are shown. */
export function diagnose(facts: Facts): Finding[] {
  return [
    node(facts.node),
    packages(facts.packages),
    ...engine(facts),
    setUpTool('Python', facts.python, facts.engine.ok),
    setUpTool('C++ compiler', facts.compiler, facts.engine.ok),
    git(facts.git),
    folder('artifacts', facts.artifacts, 'SELFSUP_ARTIFACTS'),
    folder('cache', facts.cache, 'SELFSUP_CACHE'),
    dataFolder(facts.data),
    ...facts.datasets.map(dataset),
  ];
}

function node(version: string): Finding {
  const what = 'Node.js';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const remedy = 'Install Node.js 20 (20.12 or later), 22 or 24.';
  if (major < 20 || (major === 20 && minor < 12)) {
    return { status: 'fail', what, says: `${version} is too old`, remedy };
  }
  if ([20, 22, 24].includes(major)) return { status: 'ok', what, says: version };
  return { status: 'warn', what, says: `${version} is not a release that Selfsup is tested on`, remedy };
}

function packages({ count, problems }: Facts['packages']): Finding {
  const what = 'npm packages';
  if (problems.length === 0) return { status: 'ok', what, says: `${count}, as pinned` };
  const words = problems.map(({ name, wanted, installed }) =>
    installed === undefined ? `${name} is missing` : `${name} is ${installed} instead of ${wanted}`,
  );
  return { status: 'fail', what, says: words.join(', '), remedy: 'Run npm ci in the root of the workspace.' };
}

function engine({ engine: { ok, facts, problems }, settings }: Facts): Finding[] {
  const what = 'engine';
  if (!ok) return problems.map((problem) => ({ status: 'fail', what, says: problem.what, remedy: problem.remedy }));
  const words = [
    `TensorFlow ${facts['tensorflow']} (${facts['flavour']})`,
    `device ${facts['device']}`,
    `${facts['threads']} threads`,
    ...(settings === undefined
      ? []
      : [`math ${settings.fpmath}`, settings.deterministic ? 'deterministic' : 'not deterministic']),
  ];
  const findings: Finding[] = [{ status: 'ok', what, says: words.join(', ') }];
  if (facts['cuda'] === 'yes' && facts['device'] === 'cpu') {
    findings.push({
      ...{ status: 'warn', what, says: 'this machine has an NVIDIA GPU, but the engine computes on the CPU' },
      remedy: 'Run SELFSUP_DEVICE=cuda npx nx run engine:setup, unless that is meant.',
    });
  }
  return findings;
}

/** Only setting the engine up needs these, so their absence is no fault in itself. */
function setUpTool(what: string, tool: Tool, engineThere: boolean): Finding {
  if ('found' in tool) return { status: 'ok', what, says: tool.found };
  const says = engineThere ? `${tool.problem}; the engine is set up, so nothing needs it now` : tool.problem;
  return { status: 'warn', what, says, remedy: tool.remedy };
}

function git(tool: Tool): Finding {
  if ('found' in tool) return { status: 'ok', what: 'git', says: tool.found };
  const says = `${tool.problem}; Nx asks it which files changed (nx affected)`;
  return { status: 'warn', what: 'git', says, remedy: tool.remedy };
}

function folder(name: string, { path, exists, freeBytes, problem }: FolderState, variable: string): Finding {
  const what = `${name} folder`;
  const remedy = `set ${variable} to a folder on another disk.`;
  if (path === undefined) {
    return {
      status: 'warn',
      what,
      says: problem ?? 'none',
      remedy: `Set ${variable} to a folder that can be written.`,
    };
  }
  if (problem !== undefined && exists && name === 'artifacts') {
    const says = `${path} is read-only (${problem}): its results can be shown and exported, none can be computed`;
    return { status: 'warn', what, says, remedy: `To compute, ${remedy}` };
  }
  if (problem !== undefined) {
    const says = `${path} cannot be written: ${problem}`;
    return { status: 'fail', what, says, remedy: `Make it writable, or ${remedy}` };
  }
  if (freeBytes === undefined) return { status: 'warn', what, says: `${path}: room unknown` };
  const says = `${path}: ${dataSize(freeBytes)} free`;
  if (freeBytes >= COMFORTABLE_BYTES) return { status: 'ok', what, says };
  const status = freeBytes < LEAST_BYTES ? 'fail' : 'warn';
  return { status, what, says, remedy: `Free some space (npx selfsup gc), or ${remedy}` };
}

/** Sources only read there. */
function dataFolder(state: FolderState | undefined): Finding {
  const what = 'data folder';
  if (state === undefined) return { status: 'ok', what, says: 'SELFSUP_DATA is not set' };
  if (state.exists) return { status: 'ok', what, says: `${state.path}` };
  const remedy =
    'Set SELFSUP_DATA to the folder with your files; a relative path counts from the root of the workspace.';
  return { status: 'warn', what, says: `${state.path} is no folder`, remedy };
}

function dataset({ name, ingested, source }: DatasetState): Finding {
  const what = `data/${name}`;
  const before = ingested ? 'ingested; ' : '';
  switch (source.state) {
    case 'here':
      return { status: 'ok', what, says: `${before}source: ${source.chosen}` };
    case 'elsewhere':
      return { status: 'ok', what, says: `${before}source not on this machine: it would be fetched` };
    case 'busy':
      return { status: 'ok', what, says: `${before}source busy: another process may be fetching it` };
    case 'none':
      if (ingested) return { status: 'ok', what, says: 'ingested; its source is gone, which does no harm' };
      return { status: 'warn', what, says: source.problem, remedy: source.remedy };
    case 'wrong':
      return { status: 'fail', what, says: source.problem, remedy: source.remedy };
  }
}
