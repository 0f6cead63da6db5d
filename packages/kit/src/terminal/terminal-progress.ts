// @no-effect-on-results
import type { Phase, Progress } from '../progress.ts';
import { duration } from '../units.ts';

/** Where progress is shown; the defaults are this process's own. */
export interface TerminalOptions {
  readonly stream?: Pick<NodeJS.WriteStream, 'write'> & { readonly isTTY?: boolean; readonly columns?: number };
  readonly environment?: NodeJS.ProcessEnv;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

const REDRAW_MS = 100;
const PLAIN_LINE_MS = 10_000;

/**
 * Progress on stderr. On a terminal one line per phase is rewritten in place; elsewhere a phase prints a line at most
 * every ten seconds, and its last. NO_COLOR is honoured.
 */
export function createProgress(options: TerminalOptions = {}): Progress {
  const { stream = process.stderr, environment = process.env, now = () => performance.now() } = options;
  const live = stream.isTTY === true && environment.TERM !== 'dumb';
  const colour = live && !environment.NO_COLOR;
  const paint = (code: number, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  let open = '';

  const erase = () => {
    if (open !== '') stream.write('\r\x1b[2K');
  };
  const line = (text: string) => {
    erase();
    stream.write(`${text}\n`);
    if (open !== '') stream.write(open);
  };
  const rewrite = (text: string) => {
    // A line that wraps could not be erased.
    open = text.slice(0, Math.max(20, (stream.columns ?? 80) - 1));
    stream.write(`\r\x1b[2K${open}`);
  };

  return {
    phase(name, total, unit, alreadyDone = 0): Phase {
      const started = now();
      let shown = live ? -Infinity : started;
      let done = alreadyDone;
      let finished = false;
      let details: Readonly<Record<string, number | string>> = {};
      const state = () =>
        describePhase({ name, total, unit, done, alreadyDone, seconds: (now() - started) / 1000, details });
      if (live) rewrite(state());
      return {
        advance(amount, latest) {
          if (finished) return;
          done += amount;
          if (latest !== undefined) details = latest;
          if (now() - shown < (live ? REDRAW_MS : PLAIN_LINE_MS)) return;
          shown = now();
          if (live) rewrite(state());
          else line(state());
        },
        done(summary) {
          if (finished) return;
          finished = true;
          erase();
          open = '';
          const spent = `${name}: ${summary ?? quantity(done - alreadyDone, unit)} in ${duration((now() - started) / 1000)}`;
          const text =
            summary === undefined && done === alreadyDone ? `${name}: ${duration((now() - started) / 1000)}` : spent;
          line(`${paint(32, live ? '✓ ' : '')}${text}`);
        },
      };
    },
    note: line,
    warn: (text) => line(paint(33, `Warning: ${text}`)),
  };
}

/** A phase as it stands. */
export interface PhaseState {
  readonly name: string;
  readonly total: number | undefined;
  readonly unit: string;
  readonly done: number;
  /** Units done before this run; they say nothing about its rate. */
  readonly alreadyDone: number;
  readonly seconds: number;
  readonly details: Readonly<Record<string, number | string>>;
}

/** A phase in one line: share done, amount, rate, time left, details. */
export function describePhase({ name, total, unit, done, alreadyDone, seconds, details }: PhaseState): string {
  const parts: string[] = [];
  if (done > 0 || total !== undefined) parts.push(quantity(done, unit, total));
  const rate = seconds > 0 ? (done - alreadyDone) / seconds : 0;
  if (rate > 0) parts.push(unit === 'bytes' ? `${quantity(rate, unit)}/s` : `${number(rate)} ${unit}/s`);
  if (total !== undefined && rate > 0 && done < total) parts.push(`${duration((total - done) / rate)} left`);
  for (const [key, value] of Object.entries(details))
    parts.push(`${key} ${typeof value === 'number' ? number(value) : value}`);
  const share = total === undefined || total === 0 ? '' : ` ${Math.floor(Math.min(1, done / total) * 100)} %`;
  return `${name}${share}${parts.length > 0 ? ` · ${parts.join(' · ')}` : ' …'}`;
}

function quantity(amount: number, unit: string, total?: number): string {
  if (unit !== 'bytes') return `${number(amount)}${total === undefined ? '' : ` of ${number(total)}`} ${unit}`;
  const [scale, name] = (total ?? amount) >= 1e6 ? [1e6, 'MB'] : [1e3, 'kB'];
  return `${number(amount / scale)}${total === undefined ? '' : ` of ${number(total / scale)}`} ${name}`;
}

/** Four significant digits at most; whole numbers from 100 on. */
function number(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(4)));
}
