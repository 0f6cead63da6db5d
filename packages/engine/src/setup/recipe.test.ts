import { expect, test } from 'vitest';
import { HELPER_SOURCES, STEP_SOURCES, tfjsFolder } from './place.ts';
import { engineId, recipeFor, unpackedPath } from './recipe.ts';

const SOURCES = { packageFolder: tfjsFolder(), stepSources: STEP_SOURCES, helperSources: HELPER_SOURCES };

test('wheels are named as the index names them', () => {
  for (const wheel of [...recipeFor('cpu').wheels, ...recipeFor('cuda').wheels]) {
    const [name, version, , , platform] = wheel.file.replace(/\.whl$/, '').split('-');
    expect([name, version]).toEqual([wheel.project.replaceAll('-', '_'), wheel.version]);
    expect(platform?.split('.')).toContain(wheel.platform);
    expect(wheel.sha256).toMatch(/^[0-9a-f]{64}$/);
  }
});

test('an id depends on wheels and sources', () => {
  const id = engineId(recipeFor('cpu'), SOURCES);
  expect(id).toMatch(/^tensorflow-2\.21\.0-cpu-[0-9a-f]{10}$/);
  expect(engineId(recipeFor('cpu'), SOURCES)).toBe(id);
  expect(engineId({ ...recipeFor('cpu'), wheels: [] }, SOURCES)).not.toBe(id);
  expect(engineId(recipeFor('cpu'), { ...SOURCES, helperSources: STEP_SOURCES })).not.toBe(id);
  expect(engineId(recipeFor('cpu'), { ...SOURCES, stepSources: import.meta.dirname + '/native' })).not.toBe(id);
});

test.each([
  ['tensorflow/libtensorflow_cc.so.2', 'deps/lib/libtensorflow_cc.so.2'],
  ['tensorflow/libtensorflow_framework.so.2', 'deps/lib/libtensorflow_framework.so.2'],
  ['tensorflow/include/tensorflow/c/eager/c_api.h', 'deps/include/tensorflow/c/eager/c_api.h'],
  ['nvidia/cudnn/lib/libcudnn_ops.so.9', 'deps/nvidia/cudnn/lib/libcudnn_ops.so.9'],
  ['nvidia/cuda_nvcc/bin/ptxas', 'deps/nvidia/cuda_nvcc/bin/ptxas'],
  ['tensorflow/python/_pywrap_tfe.so', undefined],
  ['tensorflow/include/tensorflow/core/framework/op.h', undefined],
  ['nvidia/cudnn/include/cudnn.h', undefined],
])('%s is unpacked to %s', (entry, path) => {
  expect(unpackedPath(entry)).toBe(path);
});
