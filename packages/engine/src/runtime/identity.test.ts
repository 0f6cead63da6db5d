import { execa } from 'execa';
import { expect, test } from 'vitest';
import { describeProcessor, engineIdentity, identityOf } from './identity.ts';

const STAMP = {
  schema: 1,
  id: 'tensorflow-1-cpu-abc',
  tensorflow: '1',
  tfjs: '4',
  flavour: 'cpu',
  wheels: {},
  files: {},
} as const;

test('is the same in another process, which does not load TensorFlow for it', async () => {
  const script = `
    const { engineIdentity } = await import(${JSON.stringify(new URL('./identity.ts', import.meta.url).href)});
    const identity = await engineIdentity();
    const maps = (await import('node:fs')).readFileSync('/proc/self/maps', 'utf8');
    console.log(JSON.stringify({ identity, loaded: maps.includes('libtensorflow') }));`;
  const { stdout } = await execa(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
  expect(JSON.parse(stdout)).toEqual({ identity: await engineIdentity(), loaded: false });
});

test('versions determine a result; processor, threads and arithmetic are where it is computed', () => {
  const base = { SELFSUP_THREADS: '2' };
  const first = identityOf(STAMP, 'one', base);
  expect(first.engine).toEqual({ tensorflow: '1', tfjs: '4' });
  const elsewhere = [
    identityOf(STAMP, 'one', { SELFSUP_THREADS: '3' }),
    identityOf(STAMP, 'one', { ...base, SELFSUP_FPMATH: 'bf16' }),
    identityOf(STAMP, 'one', { ...base, SELFSUP_DETERMINISTIC: '0' }),
    identityOf(STAMP, 'one', { ...base, ONEDNN_MAX_CPU_ISA: 'AVX2' }),
    identityOf(STAMP, 'another', base),
    identityOf({ ...STAMP, id: 'tensorflow-1-cuda-def', flavour: 'cuda' }, 'one', base),
  ];
  for (const { engine } of elsewhere) expect(engine).toEqual(first.engine);
  const places = [first, ...elsewhere].map(({ place }) => JSON.stringify(place));
  expect(new Set(places).size).toBe(places.length);
  expect(identityOf({ ...STAMP, tensorflow: '2' }, 'one', base).engine).not.toEqual(first.engine);
  expect(identityOf(STAMP, 'one', { ...base, HOME: '/elsewhere' })).toEqual(first);
});

test('processors of one name differ by model and instruction sets, not by kernel flags', () => {
  const info = (model: number, flags: string) =>
    `vendor_id\t: X\ncpu family\t: 25\nmodel\t\t: ${model}\nmodel name\t: AMD EPYC\nstepping\t: 1\nflags\t\t: ${flags}\n`;
  const one = describeProcessor(info(17, 'fpu sse4_2 avx2 fma'));
  expect(one).toMatch(/^AMD EPYC \(25\.17\.1, [0-9a-f]{6}\)$/);
  expect(describeProcessor(info(17, 'avx2 fma sse4_2 tsc_adjust'))).toBe(one);
  expect(describeProcessor(info(18, 'fpu sse4_2 avx2 fma'))).not.toBe(one);
  expect(describeProcessor(info(17, 'fpu sse4_2 avx2 fma avx512f'))).not.toBe(one);
});
