// @no-effect-on-results
/** Seconds as people say them: `0.4 s`, `42 s`, `3 min 20 s`, `2 h 5 min`, `4.5 days`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return both(Math.floor(whole / 60), 'min', whole % 60, 's');
  if (whole < 48 * 3600) return both(Math.floor(whole / 3600), 'h', Math.floor((whole % 3600) / 60), 'min');
  return `${Number((whole / 86400).toFixed(1))} days`;
}

function both(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
}

/** Bytes as people say them: `812 bytes`, `12 kB`, `38 MB`, `1.2 GB`; a kB has 1000. */
export function dataSize(bytes: number): string {
  if (bytes >= 999.5e6) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 999.5e3) return `${Math.round(bytes / 1e6)} MB`;
  return bytes >= 1e3 ? `${Math.round(bytes / 1e3)} kB` : `${bytes} bytes`;
}
