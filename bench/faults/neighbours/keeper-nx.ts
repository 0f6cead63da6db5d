// As keeper.py, with the cache of Nx: a state is the output of a task, whose input names its number. It is written by
// running the task, and read by removing the output and running the task once more. What Nx does not write is made each time.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Answer } from './keeper.ts';

const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url));
/** The bytes that keeper.py keeps, too. */
const state = (number: number): Buffer =>
  createHash('shake128', { outputLength: 1 << 18 })
    .update(String(number))
    .digest();
const task = `const out = require('crypto').createHash('shake128', { outputLength: 1 << 18 });
out.update(require('fs').readFileSync('number.txt'));
require('fs').mkdirSync('out', { recursive: true });
require('fs').writeFileSync('out/weights.bin', out.digest());`;

function prepare(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const files = {
    'package.json': { name: 'neighbour', private: true },
    'nx.json': { analytics: false },
    'project.json': {
      name: 'p',
      targets: {
        make: {
          cache: true,
          command: 'node task.cjs',
          inputs: ['{projectRoot}/number.txt'],
          outputs: ['{projectRoot}/out'],
        },
      },
    },
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(content));
  writeFileSync(join(folder, 'task.cjs'), task);
  rmSync(join(folder, 'node_modules'), { force: true });
  symlinkSync(modules, join(folder, 'node_modules'));
}

function run(folder: string): string | undefined {
  const env = {
    ...process.env,
    NX_DAEMON: 'false',
    NX_NO_CLOUD: 'true',
    NX_WORKSPACE_ROOT_PATH: folder,
    FORCE_COLOR: '0',
  };
  for (const name of Object.keys(env))
    if (/^NX_(TASK|CACHE|TERMINAL|LOAD)/.test(name)) Reflect.deleteProperty(env, name);
  const program = join(modules, 'nx/dist/bin/nx.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'run', 'p:make'], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  return status === 0 ? undefined : `${stdout}${stderr}`.slice(-300);
}

function write(folder: string, from: number, to: number): Answer {
  prepare(folder);
  for (let number = from; number < to; number++) {
    writeFileSync(join(folder, 'number.txt'), String(number));
    const error = run(folder);
    if (error !== undefined) return { error };
    appendFileSync(join(folder, 'acknowledged'), `${number}\n`);
  }
  return {};
}

/** What the task of a number is worth, were it of the cache or computed anew. */
function read(folder: string, asked: number): Answer {
  prepare(folder);
  writeFileSync(join(folder, 'number.txt'), String(asked));
  rmSync(join(folder, 'out'), { recursive: true, force: true });
  const error = run(folder);
  if (error !== undefined) return { error };
  const found = readFileSync(join(folder, 'out/weights.bin'));
  const number = Array.from({ length: 16 }, (_, i) => i).find((i) => state(i).equals(found));
  return number === undefined ? { wrong: 'another content' } : { number };
}

for await (const line of createInterface({ input: process.stdin })) {
  const [command, folder, from, to] = line.split(' ');
  let answer: Answer;
  try {
    answer = command === 'write' ? write(folder!, Number(from), Number(to)) : read(folder!, Math.max(0, Number(from)));
  } catch (error) {
    answer = { error: (error as Error).message };
  }
  console.log(JSON.stringify(answer));
}
