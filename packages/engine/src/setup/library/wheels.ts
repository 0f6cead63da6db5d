import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { UserError } from '@selfsup/kit/errors';
import { move, sha256File } from '@selfsup/kit/files';
import type { Progress } from '@selfsup/kit/progress';
import { diskFull } from '../machine.ts';
import type { Wheel } from '../recipe.ts';

/** PEP 600 platform tags and `--platform` came with this pip. */
const OLDEST_PIP = [20, 3] as const;

const INSTALL_PIP =
  'Install Python 3 with pip (Debian, Ubuntu: apt-get install python3-pip; Fedora: dnf install python3-pip; macOS: brew install python), or set SELFSUP_PYTHON to a Python that has it.';

/**
 * The first Python 3 with a usable pip: SELFSUP_PYTHON, else `python3`, else `python` on the PATH.
 * Throws `UserError` where there is no Python, no pip, or only one that is too old.
 */
export async function findPython(environment: NodeJS.ProcessEnv): Promise<string> {
  const candidates = environment.SELFSUP_PYTHON ? [environment.SELFSUP_PYTHON] : ['python3', 'python'];
  let problem = `No Python found (looked for ${candidates.join(', ')})`;
  let remedy = INSTALL_PIP;
  for (const python of candidates) {
    const result = await execa(python, ['-m', 'pip', '--version'], {
      env: environment,
      extendEnv: false,
      reject: false,
    });
    if (result.code === 'ENOENT' || result.code === 'EACCES') continue;
    const version = /^pip (\d+)\.(\d+)/.exec(result.stdout);
    if (result.failed || version === null) {
      problem = `${python} has no working pip: ${lastLine(result.stderr) || lastLine(result.stdout) || result.shortMessage}`;
      continue;
    }
    const [major, minor] = [Number(version[1]), Number(version[2])];
    if (major > OLDEST_PIP[0] || (major === OLDEST_PIP[0] && minor >= OLDEST_PIP[1])) return python;
    problem = `pip ${major}.${minor} of ${python} is too old; ${OLDEST_PIP.join('.')} or later is needed`;
    remedy = `Run ${python} -m pip install --upgrade pip, or set SELFSUP_PYTHON to another Python.`;
  }
  throw new UserError(problem, { remedy });
}

/** Where and how a wheel is fetched. */
export interface FetchOptions {
  readonly python: string;
  /** Where whole wheels are kept until the engine is built. */
  readonly keepFolder: string;
  /** A private folder for what is not whole yet. */
  readonly partialFolder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly progress: Progress;
}

/**
 * Downloads a wheel with pip and checks its sha256; a whole one left by an interrupted set-up is used again.
 * Returns its path. Throws `UserError` for no network, a full disk, an index without the wheel, a wrong hash.
 */
export async function fetchWheel(wheel: Wheel, options: FetchOptions): Promise<{ path: string; downloaded: number }> {
  const kept = join(options.keepFolder, wheel.file);
  if (existsSync(kept) && (await sha256File(kept)) === wheel.sha256) return { path: kept, downloaded: 0 };

  const folder = join(options.partialFolder, 'download');
  const temporary = join(options.partialFolder, 'pip');
  await mkdir(folder, { recursive: true });
  await mkdir(temporary, { recursive: true });
  const phase = options.progress.phase(`Downloading ${wheel.file}`, wheel.bytes, 'bytes');
  let seen = 0;
  const watch = setInterval(() => {
    void folderBytes(options.partialFolder).then((bytes) => {
      const now = Math.min(bytes, wheel.bytes);
      if (now > seen) phase.advance(now - seen);
      seen = Math.max(seen, now);
    });
  }, 500);
  const result = await execa(
    options.python,
    [
      ...['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--no-input'],
      ...['--disable-pip-version-check', '--progress-bar', 'off', '--dest', folder],
      ...['--platform', wheel.platform, '--python-version', '3.11', '--implementation', 'cp'],
      `${wheel.project}==${wheel.version}`,
    ],
    // pip collects downloads in TMPDIR first, which may be small or a memory disk.
    {
      env: { ...options.environment, TMPDIR: temporary, PIP_REQUIRE_VIRTUALENV: '0' },
      extendEnv: false,
      reject: false,
      all: true,
    },
  ).finally(() => clearInterval(watch));
  if (result.failed) throw pipError(wheel, options.partialFolder, result.all || (result.shortMessage ?? 'no output'));

  const path = join(folder, wheel.file);
  if (!existsSync(path)) {
    throw new UserError(`pip did not deliver ${wheel.file} but ${(await readdir(folder)).join(', ') || 'nothing'}`, {
      remedy: "Check pip's settings (pip config list): the index or the folder of wheels it uses has another file.",
    });
  }
  const digest = await sha256File(path);
  if (digest !== wheel.sha256) {
    await rm(path);
    throw new UserError(`${wheel.file} is not the file it should be: its sha256 is ${digest}, not ${wheel.sha256}`, {
      remedy:
        "Run the same command again; if it stays so, the index that pip uses (pip config list, PIP_INDEX_URL) delivers an altered file: use PyPI's own or tell whoever runs it.",
    });
  }
  phase.advance(wheel.bytes - seen);
  phase.done();
  await mkdir(options.keepFolder, { recursive: true });
  await move(path, kept);
  return { path: kept, downloaded: wheel.bytes };
}

function pipError(wheel: Wheel, folder: string, output: string): UserError {
  const said = (pattern: RegExp) =>
    output
      .split('\n')
      .find((line) => pattern.test(line))
      ?.trim()
      .slice(0, 300);
  const full = said(/No space left on device|Disk quota exceeded/i);
  if (full !== undefined) return diskFull(folder, `pip says: ${full}`, output);
  const offline = said(
    /name resolution|getaddrinfo|Name or service not known|establish a new connection|Connection(?:Error| refused| reset| broken| aborted)|timed? ?out|unreachable|ProxyError|SSLError|CERTIFICATE_VERIFY|Max retries exceeded|Could not fetch URL|HTTP error|IncompleteRead/i,
  );
  const reason =
    /Failed to establish a new connection[^'")]*|Temporary failure in name resolution|Name or service not known|Tunnel connection failed[^'")]*|certificate verify failed[^'")]*|Read timed out/i.exec(
      output,
    )?.[0] ?? offline;
  const byHand = `Or fetch ${wheel.file} elsewhere and set PIP_NO_INDEX=1 and PIP_FIND_LINKS to its folder.`;
  if (offline !== undefined) {
    return new UserError(`Cannot download ${wheel.project} ${wheel.version}, no network or no index: ${reason}`, {
      remedy: `Check the connection; behind a proxy set HTTPS_PROXY, with a mirror PIP_INDEX_URL. ${byHand}`,
      cause: output,
    });
  }
  const absent = said(/No matching distribution|Could not find a version/i);
  if (absent !== undefined) {
    // pip says no more than this where it was told not to retry and the index does not answer.
    const none = /from versions: none/.test(output) ? ', or does not answer' : '';
    return new UserError(
      `The index that pip uses has no ${wheel.project} ${wheel.version} for ${wheel.platform}${none}`,
      {
        remedy: `Check pip's settings (pip config list) or set PIP_INDEX_URL to a whole mirror of PyPI. ${byHand}`,
        cause: output,
      },
    );
  }
  return new UserError(`pip could not download ${wheel.project} ${wheel.version}: ${lastLine(output)}`, {
    remedy: `Try python3 -m pip download --no-deps ${wheel.project}==${wheel.version} by hand to see more. ${byHand}`,
    cause: output,
  });
}

function lastLine(text: string | undefined): string {
  return (text ?? '').trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  // Files come and go under our eyes.
  for (const name of await readdir(folder, { recursive: true }).catch(() => [])) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.isFile()) bytes += found.size;
  }
  return bytes;
}
