import { execa } from 'execa';
import { expect, test } from 'vitest';

/** Loads TensorFlow in a process of its own, runs the statement, and returns what was printed. */
async function inChild(statement: string, environment: NodeJS.ProcessEnv = {}) {
  const tensorflow = JSON.stringify(new URL('../tensorflow.ts', import.meta.url).href);
  const script = `const { tf } = await import(${tensorflow}); const show = (value) => console.log(JSON.stringify(value)); ${statement}`;
  return await execa(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    env: { TF_CPP_MIN_LOG_LEVEL: undefined, ...environment },
    reject: false,
  });
}

test('TensorFlow loads and computes without a word on stderr', async () => {
  const { stdout, stderr } = await inChild('show([...tf.matMul([[1, 2]], [[3], [4]]).dataSync()]);');
  expect(stdout).toBe('[11]');
  expect(stderr).toBe('');
});

test('errors of an operation stay visible, and so does the log where it is asked for', async () => {
  const failing = await inChild('tf.node.decodeJpeg(new Uint8Array([255, 216, 255, 0]));');
  expect(failing.exitCode).toBe(1);
  expect(failing.stderr).toMatch(/jpeg/i);
  // Without AVX-512 oneDNN is off by default, and its line is not there.
  const logging = { TF_CPP_MIN_LOG_LEVEL: '0', TF_ENABLE_ONEDNN_OPTS: '1' };
  expect((await inChild('', logging)).stderr).toContain('oneDNN');
});

test('stderr is the real one again after loading', async () => {
  const { stderr } = await inChild(
    "(await import('node:child_process')).spawnSync('echo heard >&2', { shell: true, stdio: 'inherit' });",
  );
  expect(stderr).toBe('heard');
});

test('threads, determinism and arithmetic reach the library', async () => {
  const names = ['TF_NUM_INTRAOP_THREADS', 'TF_DETERMINISTIC_OPS', 'CUDA_VISIBLE_DEVICES'];
  const multiply = `tf.matMul(tf.ones([64, 64]), tf.ones([64, 64])).dataSync(); show(${JSON.stringify(names)}.map((name) => process.env[name]));`;
  const { stdout } = await inChild(multiply, {
    SELFSUP_THREADS: '1',
    SELFSUP_DETERMINISTIC: '0',
    SELFSUP_DEVICE: 'cpu',
    SELFSUP_FPMATH: 'bf16',
    ONEDNN_VERBOSE: '2',
    TF_ENABLE_ONEDNN_OPTS: '1',
  });
  expect(stdout).toContain('["1","0","-1"]');
  expect(stdout).toMatch(/runtime:threadpool,nthr:1\b/);
  expect(stdout).toMatch(/exec,cpu,matmul.*attr-fpmath:bf16/);
});

test('what gradients leave behind is young garbage, gone with the next minor collection', async () => {
  const { stdout } = await inChild(`
    const v8 = await import('node:v8');
    v8.setFlagsFromString('--expose-gc');
    const collect = (await import('node:vm')).runInNewContext('gc');
    const oldBytes = () => v8.getHeapSpaceStatistics().find((space) => space.space_name === 'old_space').space_used_size;
    const weight = tf.variable(tf.ones([2, 2]));
    const loss = () => Array.from({ length: 60 }).reduce((product) => product.mul(weight), weight).mean();
    const steps = (count) => {
      for (let step = 0; step < count; step++) {
        const { value, grads } = tf.variableGrads(loss);
        tf.dispose([value, grads]);
        if (step % 5 === 0) collect({ type: 'minor' });
      }
    };
    steps(300);
    collect();
    const before = oldBytes();
    steps(200);
    show((oldBytes() - before) / 200);
  `);
  expect(Number(stdout)).toBeLessThan(6000); // bytes a step; 29,000 to 45,000 with V8's default
});

test('large tensors lie in huge pages, and what only loading reads of the library is let go', async () => {
  const { stdout } = await inChild(`
    const { readFileSync } = await import('node:fs');
    const mappings = () => readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
    const kilobytes = (mapping, name) => Number(new RegExp('^' + name + ': *(\\\\d+)', 'm').exec(mapping)?.[1] ?? 0);
    const sum = (chosen, name) => chosen.reduce((total, mapping) => total + kilobytes(mapping, name), 0);
    const library = sum(mappings().filter((mapping) => mapping.includes('libtensorflow')), 'Rss');
    const large = tf.fill([64, 2 ** 18], 1);
    const huge = sum(mappings().filter((mapping) => /^VmFlags:.* hg\\b/m.test(mapping)), 'Size');
    show([library / 1024, huge / 1024, large.sum().dataSync()[0] / 2 ** 24]);
  `);
  const [library, huge, sum] = JSON.parse(stdout) as [number, number, number];
  expect(library).toBeLessThan(120); // megabytes; 260 without
  expect(huge).toBeGreaterThanOrEqual(64);
  expect(sum).toBe(1);
});

test('what is free in pieces serves a tensor that fits in none of them, and values stay what they are', async () => {
  const { stdout } = await inChild(`
    const { processMemory } = await import('@selfsup/engine/testing/memory');
    const pieces = Array.from({ length: 32 }, (_, i) => tf.fill([2 ** 21 + 16 * i], i));
    tf.sum(pieces[0]).dataSync();
    for (let i = 0; i < 32; i += 2) pieces[i].dispose();
    const before = processMemory().rss;
    const large = tf.fill([28 * 2 ** 20], 7);
    const grown = processMemory().rss - before;
    const extremes = (tensor) => [...tf.stack([tensor.min(), tensor.max()]).dataSync()];
    show([grown / 2 ** 20, extremes(large), pieces.filter((_, i) => i % 2).map(extremes)]);
  `);
  const [grown, large, pieces] = JSON.parse(stdout) as [number, number[], number[][]];
  expect(grown).toBeLessThan(24); // megabytes, of 112; all of them where free pages stay where they are
  expect(large).toEqual([7, 7]);
  expect(pieces).toEqual(Array.from({ length: 16 }, (_, i) => [2 * i + 1, 2 * i + 1]));
});

test('a wrong setting is an error before TensorFlow loads', async () => {
  const { stderr, exitCode } = await inChild('', { SELFSUP_FPMATH: 'fp8' });
  expect(exitCode).toBe(1);
  expect(stderr).toContain("SELFSUP_FPMATH is 'fp8'");
});
