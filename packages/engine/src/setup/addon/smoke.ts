import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** What came of trying an addon: the library's version, or why it does not work. */
export type SmokeResult =
  | { readonly ok: true; readonly tensorflow: string; readonly gpu: boolean }
  | { readonly ok: false; readonly why: string };

const CHILD = fileURLToPath(new URL('./smoke-child.mjs', import.meta.url));

/** Loads an addon in a child process and lets it multiply two matrices. Takes about half a second. */
export async function smokeCheck(addon: string, environment: NodeJS.ProcessEnv = process.env): Promise<SmokeResult> {
  const result = await execa(process.execPath, [CHILD, addon], {
    env: { TF_CPP_MIN_LOG_LEVEL: '1', ...environment, NODE_OPTIONS: '' },
    extendEnv: false,
    reject: false,
    timeout: 120_000,
  });
  if (result.isTerminated && result.signal !== undefined) {
    const hint = result.signal === 'SIGILL' ? ': the processor lacks an instruction that the library uses' : '';
    return { ok: false, why: `loading it ended with ${result.signal}${hint}. ${tail(result.stderr)}`.trim() };
  }
  if (result.failed) return { ok: false, why: tail(result.stderr) || (result.shortMessage ?? 'no output') };
  try {
    const found = JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '') as {
      tensorflow: string;
      gpu: boolean;
      right: boolean;
      values: number[];
    };
    if (!found.right) return { ok: false, why: `it multiplies wrongly: got ${found.values.join(', ')}` };
    return { ok: true, tensorflow: found.tensorflow, gpu: found.gpu };
  } catch {
    return { ok: false, why: `it said '${result.stdout.trim().slice(0, 200)}'` };
  }
}

/** The telling lines of what a failed child printed. */
function tail(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const error = lines.find((line) => /^\w*Error\b|cannot open shared object|version `/.test(line));
  return (error ?? lines.filter((line) => line !== '' && !line.startsWith('Node.js v')).at(-1) ?? '').slice(0, 400);
}
