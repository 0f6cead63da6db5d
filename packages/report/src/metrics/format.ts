import type { Metric, Unit } from '@selfsup/kit/metric';

/** A share in percent, as accuracies are: pages and lists show all of them so. What is published keeps its unit. */
export function inPercent<Shown extends Pick<Metric, 'unit' | 'value'>>(metric: Shown): Shown {
  return metric.unit === 'share' ? { ...metric, unit: '%', value: hundredfold(metric.value) } : metric;
}

/** A hundred times a value, without the digits that rounding adds: 7 of 0.07. */
export function hundredfold(value: number): number {
  return Number((100 * value).toPrecision(14));
}

/** A value as shown: percentages with two places, others with four significant digits. */
export function formatValue(unit: Unit, value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return unit === '%' ? value.toFixed(2) : formatNumber(value);
}

/** A deviation as shown: of percentages with two places, of others with two significant digits. */
export function formatDeviation(unit: Unit, deviation: number): string {
  return unit === '%' ? deviation.toFixed(2) : formatNumber(Number(deviation.toPrecision(2)));
}

/** What stands behind a quantity's name on an axis. */
export function percentSign(unit: Unit): string {
  return unit === '%' ? ' (%)' : '';
}

/** A number with at most four significant digits and no needless zeros; whole numbers in full with separators. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return groupDigits(value);
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-4) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

/** A whole number with thin separators: 2,500,410. */
export function groupDigits(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** Mean and sample deviation (n − 1); the deviation is undefined for fewer than two values. */
export function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number | undefined } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, deviation: undefined };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, deviation: Math.sqrt(variance) };
}
