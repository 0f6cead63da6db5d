import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { dataSize } from '@selfsup/kit/units';
import type { Flavour } from './recipe.ts';

/** What decides whether the engine can run on a machine. */
export interface MachineFacts {
  readonly platform: string;
  readonly arch: string;
  /** Version of glibc, such as `2.36`; undefined with another C library (musl). */
  readonly glibc: string | undefined;
  /** Whether the processor has AVX; undefined where that could not be read. */
  readonly avx: boolean | undefined;
}

/** The facts of this machine. Takes some milliseconds. */
export function readMachine(): MachineFacts {
  // Without this the report looks up every network interface.
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean };
  report.excludeNetwork = true;
  const header = (report.getReport() as { header?: { glibcVersionRuntime?: string } }).header;
  return { platform: process.platform, arch: process.arch, glibc: header?.glibcVersionRuntime, avx: readAvx() };
}

function readAvx(): boolean | undefined {
  try {
    const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
    return flags === undefined ? undefined : /\savx(\s|$)/.test(flags);
  } catch {
    return undefined;
  }
}

/** Throws `UserError` where TensorFlow's library cannot run: it needs Linux on x86-64, glibc 2.27 and AVX. */
export function requireSupported(facts: MachineFacts): void {
  if (facts.platform !== 'linux' || facts.arch !== 'x64') {
    throw new UserError(`The engine runs on Linux on x86-64 only; this is ${facts.platform} on ${facts.arch}`, {
      remedy:
        facts.platform === 'win32'
          ? 'Run Selfsup inside WSL 2 (wsl --install), in a folder of its own Linux file system.'
          : 'Run Selfsup on a Linux x86-64 machine or in a container of that platform (docker run --platform linux/amd64 node:20-bookworm).',
    });
  }
  if (facts.glibc === undefined) {
    throw new UserError('The engine needs glibc; this system has another C library (Alpine has musl)', {
      remedy:
        'Use a distribution with glibc 2.27 or later, such as Debian: the image node:20-bookworm, not node:20-alpine.',
    });
  }
  const [major = 0, minor = 0] = facts.glibc.split('.').map(Number);
  if (major < 2 || (major === 2 && minor < 27)) {
    throw new UserError(`The engine needs glibc 2.27 or later; this system has ${facts.glibc}`, {
      remedy: 'Use a newer distribution (Debian 10, Ubuntu 18.04, RHEL 8 or later) or a container of one.',
    });
  }
  if (facts.avx === false) {
    throw new UserError('The engine needs a processor with AVX, which this one lacks or its virtual machine hides', {
      remedy: "Use a machine with AVX; in a virtual machine, pass the host's processor through (QEMU: -cpu host).",
    });
  }
}

/** Throws `UserError` where the disk that holds `folder` has less than `needed` bytes free for us. */
export async function requireSpace(folder: string, needed: number, freeBytes = freeBytesAt): Promise<void> {
  const free = await freeBytes(folder);
  if (free < needed) throw diskFull(folder, `${dataSize(free)} free, ${dataSize(needed)} needed`);
}

/** The error for a disk without room for the engine. */
export function diskFull(folder: string, details: string, cause?: unknown): UserError {
  return new UserError(`Not enough disk space for the engine: ${details}`, {
    file: folder,
    remedy:
      'Free some space there, or set SELFSUP_CACHE to a folder on a bigger disk; then run the same command again.',
    cause,
  });
}

async function freeBytesAt(folder: string): Promise<number> {
  let existing = folder;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  return bavail * bsize;
}

const CUDA_DRIVER_FOLDERS = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/usr/lib/wsl/lib',
  '/usr/local/nvidia/lib64',
  '/usr/local/cuda/compat',
  '/run/opengl-driver/lib',
];

/** Whether this machine has an NVIDIA GPU with its driver's library. Looks at files only, so it costs nothing. */
export function hasCuda(root = '/', environment: NodeJS.ProcessEnv = process.env): boolean {
  const at = (path: string) => join(root, path);
  const gpus = at('/proc/driver/nvidia/gpus');
  const device =
    (existsSync(gpus) && readdirSync(gpus).length > 0) || existsSync(at('/dev/nvidia0')) || existsSync(at('/dev/dxg'));
  const extra = (environment.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean);
  return device && [...CUDA_DRIVER_FOLDERS, ...extra].some((folder) => existsSync(join(at(folder), 'libcuda.so.1')));
}

/** The flavour to build: what SELFSUP_DEVICE says, else what the machine has. */
export function chooseFlavour(device: Flavour | undefined, cuda = hasCuda): Flavour {
  return device ?? (cuda() ? 'cuda' : 'cpu');
}
