/** What a process used at one moment. */
export interface Use {
  /** Since it began, in hours. */
  readonly hours: number;
  readonly megabytes: number;
  readonly handles: number;
}

/** How much more each hour, and the least at the end. */
export interface Growth {
  readonly megabytesAnHour: number;
  readonly handlesAnHour: number;
  readonly megabytes: number;
  readonly handles: number;
}

/** Of its time a process takes this part to warm up: buffers, compiled code and the heap grow until then. */
const warmUp = 0.3;
const windows = 8;

/**
 * How memory and handles grow once a process is warm: the median slope between the least values of windows, since each goes up
 * for a moment when a thread is started or a file is read. Undefined of too few looks for that.
 */
export function growthOf(uses: readonly Use[]): Growth | undefined {
  const warm = uses.filter(({ hours }) => hours >= uses.at(-1)!.hours * warmUp);
  const size = Math.floor(warm.length / windows);
  if (size < 2) return undefined;
  const least = Array.from({ length: windows }, (_, i): Use => {
    const own = warm.slice(i * size, (i + 1) * size);
    return {
      hours: own.reduce((sum, { hours }) => sum + hours, 0) / own.length,
      megabytes: Math.min(...own.map(({ megabytes }) => megabytes)),
      handles: Math.min(...own.map(({ handles }) => handles)),
    };
  });
  const { megabytes, handles } = least.at(-1)!;
  return {
    megabytesAnHour: slope(least, (use) => use.megabytes),
    handlesAnHour: slope(least, (use) => use.handles),
    megabytes,
    handles,
  };
}

/** The median of the slopes between all pairs (Theil and Sen): one window that is unlike the others does not move it. */
function slope(uses: readonly Use[], of: (use: Use) => number): number {
  const slopes = uses.flatMap((a, i) => uses.slice(i + 1).map((b) => (of(b) - of(a)) / (b.hours - a.hours)));
  return Math.round(slopes.sort((a, b) => a - b)[slopes.length >> 1]!);
}
