import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Cores that this process may really use, at least 1: those of its affinity mask, and no more than the CPU quota of its
 * container. Threads beyond a quota would only be throttled.
 */
export function usableCores(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(cpuQuota() ?? Infinity)));
}

/**
 * The CPU quota of this process in cores, the least of its control group and those around it; undefined where there is
 * none. `root` is the folder that holds `proc` and `sys`.
 */
export function cpuQuota(root = '/'): number | undefined {
  const quotas: number[] = [];
  for (const line of (readOr(join(root, 'proc/self/cgroup')) ?? '').split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    if (controllers === '') quotas.push(...upwards(join(root, 'sys/fs/cgroup'), path, quotaOfVersion2));
    if (!controllers.split(',').includes('cpu')) continue;
    for (const mount of new Set([controllers, 'cpu'])) {
      quotas.push(...upwards(join(root, 'sys/fs/cgroup', mount), path, quotaOfVersion1));
    }
  }
  return quotas.length === 0 ? undefined : Math.min(...quotas);
}

/** Quotas from a group up to the mount. Inside a container the path may be the host's: then only the mount is there. */
function upwards(mount: string, path: string, read: (folder: string) => number | undefined): number[] {
  const found: number[] = [];
  for (let folder = path; ; folder = dirname(folder)) {
    const quota = read(join(mount, folder));
    if (quota !== undefined) found.push(quota);
    if (folder === '/') return found;
  }
}

function quotaOfVersion2(folder: string): number | undefined {
  const [quota, period] = (readOr(join(folder, 'cpu.max')) ?? '').trim().split(' ');
  return cores(quota, period);
}

function quotaOfVersion1(folder: string): number | undefined {
  return cores(readOr(join(folder, 'cpu.cfs_quota_us')), readOr(join(folder, 'cpu.cfs_period_us')));
}

/** `max` and -1 stand for no quota. */
function cores(quota: string | undefined, period: string | undefined): number | undefined {
  const ratio = Number(quota) / Number(period);
  return Number.isFinite(ratio) && ratio > 0 ? ratio : undefined;
}

function readOr(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
