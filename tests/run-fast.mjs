// `npm run test:fast`: the tests that neither train nor start a process. No list and no marks: a test file is fast when
// nothing that it imports, at any distance, is TensorFlow, a child process or a C++ compiler.
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { root, runVitest } from './vitest-run.mjs';

const slow = ['@tensorflow/', 'execa', 'node:child_process', 'child_process'];

const tests = ['packages', 'pipelines', 'tests'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((file) => file.endsWith('.test.ts') && !/node_modules|\/templates\//.test(file))
    .map((file) => join(root, folder, file)),
);
const { metafile } = await build({
  entryPoints: tests,
  absWorkingDir: root,
  bundle: true,
  write: false,
  metafile: true,
  outdir: 'out',
  platform: 'node',
  format: 'esm',
  logLevel: 'error',
  plugins: [
    {
      name: 'only-our-own',
      setup({ onResolve }) {
        onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
          path.startsWith('@selfsup/') || kind === 'entry-point' ? undefined : { path, external: true },
        );
      },
    },
  ],
});

const isSlow = ({ path, external }) => external === true && slow.some((name) => path.startsWith(name));
/** Whether a file or one that it imports, at any distance, imports something slow. */
function reachesSlow(file, seen = new Set()) {
  if (seen.has(file)) return false;
  seen.add(file);
  const { imports } = metafile.inputs[file] ?? { imports: [] };
  return imports.some(
    (imported) => isSlow(imported) || (imported.external !== true && reachesSlow(imported.path, seen)),
  );
}
const fast = tests.map((file) => relative(root, file)).filter((file) => !reachesSlow(file));
console.log(`${fast.length} of ${tests.length} test files are fast`);
if (process.argv.includes('--list')) console.log(fast.join('\n'));
else runVitest([...process.argv.slice(2), ...fast.map((file) => join(root, file))]);
