import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cpuQuota, usableCores } from './cpu-quota.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'selfsup-quota-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function files(contents: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(contents)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

test('version 2: the least quota of a group and those around it', () => {
  files({
    'proc/self/cgroup': '0::/kubepods/pod1/main\n',
    'sys/fs/cgroup/kubepods/cpu.max': '800000 100000\n',
    'sys/fs/cgroup/kubepods/pod1/cpu.max': '150000 100000\n',
    'sys/fs/cgroup/kubepods/pod1/main/cpu.max': 'max 100000\n',
  });
  expect(cpuQuota(root)).toBe(1.5);
});

test('version 2 in a container, whose group is the mount itself', () => {
  files({ 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': '50000 100000\n' });
  expect(cpuQuota(root)).toBe(0.5);
});

test.each(['cpu,cpuacct', 'cpu'])('version 1, mounted as %s, although the path is the host’s', (mount) => {
  files({
    'proc/self/cgroup': '12:memory:/docker/ab\n4:cpu,cpuacct:/docker/ab\n0::/\n',
    [`sys/fs/cgroup/${mount}/cpu.cfs_quota_us`]: '300000\n',
    [`sys/fs/cgroup/${mount}/cpu.cfs_period_us`]: '100000\n',
  });
  expect(cpuQuota(root)).toBe(3);
});

test('no quota: none is set, or there are no control groups', () => {
  expect(cpuQuota(root)).toBeUndefined();
  files({
    'proc/self/cgroup': '4:cpu:/\n0::/\n',
    'sys/fs/cgroup/cpu.max': 'max 100000\n',
    'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
    'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
  });
  expect(cpuQuota(root)).toBeUndefined();
});

test('there is always one core, and never more than the affinity mask has', () => {
  expect(usableCores()).toBeGreaterThanOrEqual(1);
  expect(usableCores()).toBeLessThanOrEqual(availableParallelism());
});
