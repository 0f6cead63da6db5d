import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../testing/workspace.ts';

const file = 'pipelines/experiments/deep/experiment.json';
const part = (schema: string, roles: string): string => `import { z } from 'zod';
export default { schema: ${schema}, roles: [${roles}], parts: () => [], run: async () => ({ metrics: [] }) };\n`;
const stages = {
  pretrain: {
    uses: 'tasks/trained',
    needs: { dataset: 'data/few' },
    config: { network: { name: 'wide', width: 8 }, task: { adversaries: { name: 'wide' } } },
  },
  probe: { uses: 'eval/probe', needs: { encoder: 'pretrain' }, config: { layers: ['conv1'] } },
};

let workspace: TestWorkspace;
beforeAll(() => {
  workspace = createTestWorkspace();
  workspace.write(
    'packages/models/src/networks/wide/wide.ts',
    `import { z } from 'zod';
export default {
  schema: z.strictObject({ width: z.int().default(4), depth: z.int().default(2) }),
  probePoints: ({ depth }: any) => Array.from({ length: depth }, (_, i) => 'conv' + (i + 1)),
};\n`,
  );
  workspace.write('packages/tasks/src/pretext/trained/trained.ts', part('z.looseObject({})', `'dataset'`));
  workspace.write('packages/eval/src/evaluations/probe/probe.ts', part('z.looseObject({})', `'encoder'`));
  workspace.write(file, { about: { title: 'Deep' }, stages });
});
afterAll(() => workspace.remove());

test.each([
  ['pretrain.config.network.widht=16', /Unknown key 'widht'; did you mean 'width'\?/, /Known keys here: width, depth/],
  ['pretrain.config.task.adversaries.widht=16', /Unknown key 'widht'; did you mean 'width'\?/, /width, depth/],
  ['pretrain.config.network.width=wide', /expected number, received string/, undefined],
  ['probe.config.layers=["conv1","conv3"]', /'pretrain' has no layer 'conv3'/, /Use one of: conv1, conv2/],
])('%s is told before anything runs', async (set, message, remedy) => {
  const { code, output } = await workspace.run('run', 'deep', '--set', 'pretrain.config.seen=1', '--set', set);
  expect([code, workspace.log()]).toEqual([1, []]);
  expect(output).toMatch(message);
  expect(output).toContain(`file:   ${workspace.path(file)}`);
  expect(output).toContain(`field:  --set ${set.split('=')[0]}`);
  if (remedy !== undefined) expect(output).toMatch(remedy);
});

test('what is written in the file is named by its field there, by check too', async () => {
  const network = { name: 'wide', widht: 8 };
  workspace.write(file, { about: { title: 'Deep' }, stages: { ...stages, pretrain: { ...stages.pretrain, config: { network } } } }); // prettier-ignore
  const { code, output } = await workspace.run('check', 'deep');
  workspace.write(file, { about: { title: 'Deep' }, stages });
  expect(code).toBe(1);
  expect(output).toContain('field:  stages.pretrain.config.network.widht');
});

test('where the engine is not set up, that is said, and the rest is checked', async () => {
  const part = 'packages/models/src/networks/wide/wide.ts';
  const whole = readFileSync(workspace.path(part), 'utf8');
  const refuse = `throw new UserError('The engine is not set up');`;
  workspace.write(part, `import { UserError } from '@selfsup/kit/errors';\n${refuse}\n${whole}`);
  const { code, output } = await workspace.run('check', 'deep');
  workspace.write(part, whole);
  expect(code).toBe(0);
  expect(output).toContain('names of layers were not checked: The engine is not set up.');
  expect(output).toContain('deep: sound');
});

test('networks that take their settings, and layers that they have, are sound', async () => {
  expect(await workspace.run('check', 'deep')).toEqual({ code: 0, output: 'deep: sound\n' });
  const { output } = await workspace.run('run', 'deep', '--set', 'pretrain.config.network.depth=3', '--set', 'probe.config.layers=["conv3"]'); // prettier-ignore
  expect(output).toContain('Report: ');
});
