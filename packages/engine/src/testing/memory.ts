import { readFileSync, writeFileSync } from 'node:fs';

/** Memory of this process in bytes, native memory included, which `tf.memory()` does not see. */
export interface ProcessMemory {
  /** Resident now. */
  readonly rss: number;
  /** Most that was resident since the start, or since `resetPeak`. */
  readonly peak: number;
}

/** Resident memory of this process, from the kernel; elsewhere than on Linux from Node's own counters. */
export function processMemory(): ProcessMemory {
  try {
    const found = parseStatus(readFileSync('/proc/self/status', 'utf8'));
    if (found !== undefined) return found;
  } catch {
    // Not Linux.
  }
  const rss = process.memoryUsage.rss();
  return { rss, peak: Math.max(rss, process.resourceUsage().maxRSS * 1024) };
}

/** The same from the text of `/proc/self/status`; undefined where it lacks the lines. */
export function parseStatus(status: string): ProcessMemory | undefined {
  const kilobytes = (name: string) => new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status)?.[1];
  const [rss, peak] = [kilobytes('VmRSS'), kilobytes('VmHWM')];
  return rss === undefined || peak === undefined ? undefined : { rss: Number(rss) * 1024, peak: Number(peak) * 1024 };
}

/** Lets the peak start anew from what is resident now. Returns whether the kernel allows it. */
export function resetPeak(): boolean {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    return true;
  } catch {
    return false;
  }
}
