import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { deviceUniform } from '@selfsup/engine/platform';
import type { tf } from '@selfsup/engine/tensorflow';
import { randomKey } from '@selfsup/kit/random';
import { modelWeights } from '../checkpoint/weights.ts';

/** Python with PyTorch, where bench/setup-oracles has made one. */
export const python = process.env['SELFSUP_ORACLES'] ?? join(homedir(), '.cache', 'selfsup-oracles', 'bin', 'python');

/** Moving averages as a training leaves them; freshly built ones (0 and 1) would hide a mix-up. */
export function disturb(name: string, model: tf.LayersModel): void {
  for (const { name: weight, variable } of modelWeights(name, model)) {
    if (weight.endsWith('/kernel')) continue;
    const key = randomKey(5, weight);
    const positive = /gamma|variance/.test(weight);
    variable.assign(deviceUniform(key, variable.shape, positive ? 0.5 : -0.5, positive ? 2 : 0.5));
  }
}

/** Largest absolute difference of two arrays of the same length. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

/** Runs an exported model with the stock JavaScript package in a process of its own; gives values by layer. */
export function runStock(exported: string, model: string, input: tf.Tensor, layers: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'selfsup-stock-'));
  try {
    const request = join(folder, 'request.json');
    writeFileSync(request, JSON.stringify({ shape: input.shape, values: [...input.dataSync()], layers }));
    const script = join(import.meta.dirname, '../export/stock-forward.mjs');
    const run = spawnSync(process.execPath, [script, exported, model, request], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    expect(run.status, run.stderr).toBe(0);
    const answer = run.stdout.trim().split('\n').at(-1)!;
    return JSON.parse(answer) as { backend: string; version: string; layers: Record<string, number[]> };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Runs the PyTorch program of a safetensors export's README on `pixels` `[batch, height, width, channels]` of 0..255; gives
 * what it prints, and values by probe point and of `logits`.
 */
export function runReadme(exported: string, pixels: tf.Tensor, probes: readonly string[]) {
  const readme = readFileSync(join(exported, 'README.md'), 'utf8');
  const program = /```python\n([\s\S]*?)```/.exec(readme)![1]!;
  const [batch, height, width, channels] = pixels.shape;
  const images = [...pixels.transpose([0, 3, 1, 2]).dataSync()];
  const drawn = /^images = torch.randint.*$/m;
  expect(program).toMatch(drawn);
  const given = `images = torch.tensor(json.load(open("images.json"))).float().view(${batch}, ${channels}, ${height}, ${width})`;
  writeFileSync(join(exported, 'images.json'), JSON.stringify(images));
  const run = spawnSync(
    python,
    [
      '-c',
      `import json
${program.replace(drawn, given)}
answer = {name: features[name].permute(0, 2, 3, 1).flatten().tolist() for name in ${JSON.stringify(probes)}}
print(json.dumps({**answer, "logits": logits.flatten().tolist()}))`,
    ],
    { cwd: exported, encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  expect(run.status, run.stderr).toBe(0);
  const layers = JSON.parse(run.stdout.trim().split('\n').at(-1)!) as Record<string, number[]>;
  return { stdout: run.stdout, layers };
}
