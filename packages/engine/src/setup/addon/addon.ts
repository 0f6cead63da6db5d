import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { UserError } from '@selfsup/kit/errors';
import { diskFull } from '../machine.ts';
import { ADDON, GUARD, HELPER_SOURCES, LOOPBACK, STEP_SOURCES, nodeApiHeaders } from '../place.ts';

const INSTALL_COMPILER =
  'Install one (Debian, Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++; Arch: pacman -S gcc), or set CXX to its command.';

/** What the addon is made of beside the package's own files. */
const stepSources = [
  ...['step_functions.cc', 'neighbours.cc', 'connections.cc'],
  ...['tensor_memory.cc', 'calling_thread.cc', 'held_signals.cc'],
  ...['helpers.cc', 'batch_norm_rows.cc', 'batch_norm.cc'],
];

/**
 * The C++ compiler: CXX, else the first of `g++`, `c++`, `clang++` on the PATH, as a command and its arguments.
 * Throws `UserError` where there is none.
 */
export async function findCompiler(environment: NodeJS.ProcessEnv): Promise<string[]> {
  const candidates = environment.CXX ? [environment.CXX] : ['g++', 'c++', 'clang++'];
  for (const candidate of candidates) {
    const command = candidate.trim().split(/\s+/);
    const [program = '', ...first] = command;
    const result = await execa(program, [...first, '--version'], { env: environment, extendEnv: false, reject: false });
    if (!result.failed) return command;
  }
  throw new UserError(`No C++ compiler found (looked for ${candidates.join(', ')})`, { remedy: INSTALL_COMPILER });
}

/**
 * Compiles the npm package's addon with our functions of compiled steps, and our two helpers, against the library and
 * headers in `root/deps`, into `root/lib`. Throws `UserError` with the compiler's words where that fails.
 */
export async function compileAddon(
  packageFolder: string,
  root: string,
  compiler: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const common = ['-std=c++17', '-O2', '-shared', '-fPIC', '-pthread', '-DNAPI_VERSION=8', '-DBUILDING_NODE_EXTENSION'];
  const headers = nodeApiHeaders();
  const deps = join(root, 'deps');
  await mkdir(dirname(join(root, ADDON)), { recursive: true });
  const jobs = [
    [
      ...[packageFolder, join(packageFolder, 'binding'), join(deps, 'include'), headers].map((folder) => `-I${folder}`),
      ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(packageFolder, 'binding', file)),
      ...stepSources.map((file) => join(STEP_SOURCES, file)),
      ...['napi_define_properties', 'TFE_NewContext', 'TFE_Execute'].map((name) => `-Wl,--wrap=${name}`),
      ...['-o', join(root, ADDON), `-L${join(deps, 'lib')}`, '-ltensorflow', '-ltensorflow_framework'],
      '-Wl,-rpath,$ORIGIN/../../deps/lib',
    ],
    [
      ...['-DNODE_GYP_MODULE_NAME=stderr_guard', `-I${headers}`],
      ...[join(HELPER_SOURCES, 'stderr_guard.cc'), '-o', join(root, GUARD)],
    ],
    [join(HELPER_SOURCES, 'loopback_bind.cc'), '-o', join(root, LOOPBACK), '-ldl'],
  ];
  const [program = '', ...first] = compiler;
  await Promise.all(
    jobs.map(async (job) => {
      const result = await execa(program, [...first, ...common, ...job], {
        env: environment,
        extendEnv: false,
        reject: false,
        all: true,
      });
      if (!result.failed) return;
      const output = result.all || (result.shortMessage ?? 'no output');
      if (/No space left on device/i.test(output)) throw diskFull(root, 'the compiler ran out of it', output);
      const errors = output.split('\n').filter((line) => /error|cannot find|undefined reference/i.test(line));
      const words = (errors.length > 0 ? errors : output.trim().split('\n')).slice(0, 3).join('; ').slice(0, 600);
      throw new UserError(`The C++ compiler (${compiler.join(' ')}) could not build the engine's addon: ${words}`, {
        remedy:
          'GCC 8 or Clang 7 or later with its standard library is needed (apt-get install g++); set CXX to choose another.',
        cause: output,
      });
    }),
  );
}
