// Help for the tests of set-up: tools that pretend to be pip and a compiler, a wheel of a few bytes, a copy of the
// npm package. Set-up itself runs for real.
import { chmodSync, cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { sha256 } from '@selfsup/kit/files';
import type { Progress } from '@selfsup/kit/progress';
import { tfjsFolder } from '../setup/place.ts';
import type { Recipe } from '../setup/recipe.ts';
import type { SetupOptions } from '../setup/setup.ts';

/** Everything a test of set-up needs, in a folder of its own. */
export interface Stage {
  readonly folder: string;
  readonly packageFolder: string;
  readonly engines: string;
  readonly lines: string[];
  readonly options: SetupOptions & { readonly environment: NodeJS.ProcessEnv };
  /** Puts a shell script on the PATH under this name. */
  tool(name: string, script: string): void;
  /** How often a tool was called to work, version questions apart. */
  readonly calls: string;
}

/** A pip that answers its version and delivers the wheel. `$0` names it in the log of calls. */
const PIP = (wheel: string) => `
case "$*" in *--version*) echo "pip 24.0 from somewhere (python 3.12)"; exit 0;; esac
echo pip >> "$CALLS"
while [ $# -gt 0 ]; do if [ "$1" = --dest ]; then dest="$2"; fi; shift; done
cp '${wheel}' "$dest/"
`;

/** A compiler that writes its output file. */
export const COMPILER = `
case "$*" in *--version*) echo 'g++ (fake) 12'; exit 0;; esac
echo compiler >> "$CALLS"
while [ $# -gt 0 ]; do if [ "$1" = -o ]; then out="$2"; fi; shift; done
echo addon > "$out"
`;

/** A zip file of stored entries. */
function zip(entries: Readonly<Record<string, string>>): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(entries)) {
    const [path, data] = [Buffer.from(name), Buffer.from(text)];
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(path.length, 22);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(20, 4);
    common.copy(entry, 6);
    entry.writeUInt32LE(offset, 42);
    directory.push(entry, path);
    const body = Buffer.concat([Buffer.from('PK\x03\x04'), common, path, data]);
    bodies.push(body);
    offset += body.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(entries).length, 8);
  end.writeUInt16LE(Object.keys(entries).length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, central, end]);
}

const WHEEL = zip({
  'tensorflow/libtensorflow_cc.so.2': 'the library',
  'tensorflow/libtensorflow_framework.so.2': 'the framework',
  'tensorflow/include/tensorflow/c/c_api.h': '// a header',
  'tensorflow/__init__.py': 'not wanted',
});

const FILE = 'tiny-1.0-cp311-cp311-manylinux_2_27_x86_64.whl';

/** The recipe of that wheel. */
export const TINY: Recipe = {
  flavour: 'cpu',
  tensorflow: '1.0',
  wheels: [
    {
      project: 'tiny',
      version: '1.0',
      platform: 'manylinux_2_27_x86_64',
      file: FILE,
      bytes: WHEEL.length,
      sha256: sha256(WHEEL),
    },
  ],
  unpackedBytes: 1000,
};

/** Progress that keeps its notes and warnings. */
function recordingProgress(lines: string[]): Progress {
  return {
    phase: (name) => ({ advance: () => undefined, done: () => void lines.push(name) }),
    note: (text) => void lines.push(text),
    warn: (text) => void lines.push(text),
  };
}

/** Makes such a folder, or opens the one that another process made. */
export function stage(folder = mkdtempSync(join(tmpdir(), 'selfsup-setup-'))): Stage {
  const bin = join(folder, 'bin');
  const packageFolder = join(folder, 'package');
  const wheel = join(folder, FILE);
  const calls = join(folder, 'calls');
  const lines: string[] = [];
  const environment = {
    PATH: [bin, '/usr/bin', '/bin'].join(delimiter),
    SELFSUP_CACHE: join(folder, 'cache'),
    CALLS: calls,
  };
  const tool = (name: string, script: string) => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  const options = {
    progress: recordingProgress(lines),
    packageFolder,
    environment,
    recipe: () => TINY,
    machine: () => ({ platform: 'linux', arch: 'x64', glibc: '2.36', avx: true }),
    smoke: async () => ({ ok: true, tensorflow: '1.0', gpu: false }) as const,
  };
  const made = { folder, packageFolder, engines: join(folder, 'cache', 'engine'), lines, options, tool, calls };
  mkdirSync(bin, { recursive: true });
  writeFileSync(calls, '', { flag: 'a' });
  writeFileSync(wheel, WHEEL);
  for (const name of ['package.json', 'binding']) {
    cpSync(join(tfjsFolder(), name), join(packageFolder, name), { recursive: true });
  }
  tool('python3', PIP(wheel));
  tool('g++', COMPILER);
  return made;
}
