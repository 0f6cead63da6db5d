import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { tensorFlowBackend } from '@selfsup/engine/kernel';
import { tf } from '@selfsup/engine/tensorflow';
import { canonicalJson, writeAtomically } from '@selfsup/kit/files';
import { parseJsonLines } from '@selfsup/kit/parse';

/** One line: `kind` says what was measured, the rest are numbers. */
export interface MetricsLine {
  readonly kind: 'train' | 'epoch' | 'test';
  readonly epoch: number;
  readonly step: number;
  readonly [name: string]: number | string;
}

type Events = ReturnType<typeof tf.node.summaryFileWriter>;

let opened = 0;

/** Where a log begins: lines after this step or epoch are dropped, since they will be written again. */
export interface LogPosition {
  readonly step: number;
  /** Epochs whose end was logged. */
  readonly epochsDone: number;
}

/**
 * Metrics as JSON lines (reproducible facts only) and as TensorBoard event files. When a training goes on from a
 * checkpoint, lines behind it are cut off and the event files are written anew from the lines that stay, so
 * neither holds anything twice.
 */
export class MetricsLog {
  readonly #file: number;
  readonly #events: Events;

  private constructor(file: number, events: Events) {
    this.#file = file;
    this.#events = events;
  }

  static async open(path: string, eventFolder: string, position: LogPosition): Promise<MetricsLog> {
    const kept = existsSync(path) ? linesUpTo(readFileSync(path, 'utf8'), position) : [];
    await writeAtomically(path, kept.map((line) => `${canonicalJson(line)}\n`).join(''));
    rmSync(eventFolder, { recursive: true, force: true });
    mkdirSync(eventFolder, { recursive: true });
    // tfjs remembers writers by folder, so a second log in one process needs another.
    const folder = join(eventFolder, `training-${(opened += 1)}`);
    const log = new MetricsLog(openSync(path, 'a'), openEvents(folder));
    for (const line of kept) log.#summarise(line);
    return log;
  }

  write(line: MetricsLine): void {
    writeSync(this.#file, `${canonicalJson(line)}\n`);
    this.#summarise(line);
  }

  /** Brings all lines to the disk: before a checkpoint that relies on them. */
  flush(): void {
    fsyncSync(this.#file);
    this.#events.flush();
  }

  close(): void {
    this.flush();
    closeSync(this.#file);
    closeEvents(this.#events);
  }

  #summarise(line: MetricsLine): void {
    tf.tidy(() => {
      for (const [name, value] of Object.entries(line)) {
        if (typeof value === 'number' && name !== 'step' && name !== 'epoch') {
          this.#events.scalar(`${line.kind}/${name}`, value, line.step);
        }
      }
    });
  }
}

/** Opens an event file; of the tensors that it takes only the handle is kept. */
function openEvents(folder: string): Events {
  let events!: Events; // given back by tidy, it would be searched for tensors to keep
  tf.tidy(() => {
    events = tf.node.summaryFileWriter(folder, 100, 10_000);
    tf.keep(handleOf(events));
  });
  return events;
}

/** Closes the file and frees its handle, for which tfjs has no call: a process may train many heads. */
function closeEvents(events: Events): void {
  tensorFlowBackend().executeMultipleOutputs('CloseSummaryWriter', [], [handleOf(events)], 0);
  handleOf(events).dispose();
}

function handleOf(events: Events): tf.Tensor {
  return (events as unknown as { readonly resourceHandle: tf.Tensor }).resourceHandle;
}

/** Whole lines not behind `position`; a torn last line is dropped. */
function linesUpTo(text: string, position: LogPosition): MetricsLine[] {
  return (parseJsonLines(text) as MetricsLine[]).filter(({ kind, step, epoch }) =>
    kind === 'train' ? step <= position.step : epoch <= position.epochsDone,
  );
}
