// Where the milliseconds of a step of negligible arithmetic go, ours by parts and by op, PyTorch's by op:
// node --import tsx bench/overhead/parts.ts [--systems bigan,jigsaw] [--no-pytorch]
import { execFileSync } from 'node:child_process';
import { Session } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { opTimes } from '@selfsup/engine/testing/op-times';
import { oraclePython } from '../oracle.ts';
import { loadSystem, systemNames } from '../train-step/system.ts';

const { values: options } = parseArgs({
  options: {
    systems: { type: 'string' },
    'no-pytorch': { type: 'boolean', default: false },
    /** Of one system, in this process: its parts, or its ops. */
    tell: { type: 'string' },
  },
});

const SHOWN = 16;

/** A part of our step, and what a stack of calls within it holds: function and file. The first that fits counts. */
const PARTS: readonly (readonly [string, RegExp])[] = [
  ['the function itself', /^ \|(?:compute step-run|#endRun lazy-binding)/],
  ['its arguments and results', /#endRun lazy-binding/],
  ['backward pass', /(?:backpropagate gradients|(?:of|recall|remember) remembered-backward)/],
  ['forward pass', /record gradients/],
  ['update', /apply parameter-groups/],
  ['batches, losses, the rest', /takeStep step/],
];

/** Milliseconds of a step by its parts, from a sampling profile. */
async function partsOf(step: () => unknown, seconds: number): Promise<Map<string, number>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 100 });
  await session.post('Profiler.start');
  const start = performance.now();
  let steps = 0;
  for (; performance.now() - start < 1000 * seconds; steps++) step();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const calls = new Map(
    profile.nodes.map(({ id, callFrame: { functionName, url } }) => [id, `${functionName} ${url.split('/').at(-1)}`]),
  );
  const spent = new Map(PARTS.map(([part]) => [part, 0]));
  profile.samples!.forEach((sample, i) => {
    const stack: string[] = [];
    for (let at: number | undefined = sample; at !== undefined; at = parents.get(at)) stack.push(calls.get(at)!);
    // A call into the addon has no name.
    const innermost = stack.slice(0, 2).join('|');
    const part = PARTS.find(([, frame]) => frame.test(innermost) || stack.some((at) => frame.test(at)));
    if (part !== undefined) spent.set(part[0], spent.get(part[0])! + profile.timeDeltas![i]! / 1000 / steps);
  });
  return spent;
}

const micro = (ms: number) => (1000 * ms).toFixed(0).padStart(8);

async function tellParts(name: string): Promise<void> {
  const { title, tiny, step: make } = await loadSystem(name);
  const step = await make(tiny!);
  const warm = performance.now();
  while (performance.now() - warm < 4000) step();
  const parts = await partsOf(step, 4);
  const whole = [...parts.values()].reduce((sum, ms) => sum + ms, 0);
  console.log(`\n${title}, width ${tiny!.width}, batch ${tiny!.batch}: ${micro(whole).trim()} µs under the profiler`);
  for (const [part, ms] of parts) console.log(`${micro(ms)} µs  ${part}`);
}

async function tellOps(name: string): Promise<void> {
  const { tiny, step: make } = await loadSystem(name);
  const step = await make(tiny!);
  for (let i = 0; i < 3; i++) step();
  const ops = opTimes(() => void step()).map((op) => ({ ...op, all: (op.calls * op.each) / 1000 }));
  const sum = (of: typeof ops) => of.reduce((total, { all }) => total + all, 0);
  console.log(`${micro(sum(ops))} µs  ops within the function, each kind timed in a function of many:`);
  for (const op of ops.slice(0, SHOWN)) {
    console.log(`${micro(op.all)} µs  ${String(op.calls).padStart(4)} × ${op.each.toFixed(1).padStart(6)}  ${op.name}`);
  }
  const rest = ops.slice(SHOWN);
  console.log(
    `${micro(sum(rest))} µs  ${rest.reduce((calls, op) => calls + op.calls, 0)} others, of ${rest.length} kinds`,
  );
}

if (options.tell !== undefined) {
  await (options.tell === 'ops' ? tellOps : tellParts)(options.systems!);
  process.exit(0);
}
for (const name of options.systems?.split(',') ?? systemNames()) {
  const { tiny } = await loadSystem(name);
  if (tiny === undefined) continue;
  // Each in a process of its own.
  const execute = (program: string, args: readonly string[], more: object = {}) => {
    const env = { ...process.env, SELFSUP_THREADS: '2', OMP_NUM_THREADS: '2', BENCH_THREADS: '2', ...more };
    execFileSync(program, args, { env, stdio: ['ignore', 'inherit', 'ignore'] });
  };
  const ours = ['--import', 'tsx', fileURLToPath(import.meta.url), '--systems', name, '--tell'];
  execute(process.execPath, [...ours, 'parts']);
  execute(process.execPath, [...ours, 'ops'], { SELFSUP_EAGER: '1' });
  const python = oraclePython();
  if (python === undefined || options['no-pytorch']) continue;
  const script = fileURLToPath(new URL('parts.py', import.meta.url));
  for (const layout of ['nchw', 'nhwc']) {
    execute(python, [script, name, layout, String(tiny.width), String(tiny.batch)]);
  }
}
