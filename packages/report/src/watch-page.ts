import { duration } from '@selfsup/kit/units';
import curveKind, { type Curve } from './figures/kinds/curve.ts';
import filtersKind, { type Filters } from './figures/kinds/filters.ts';
import picturesKind, { type Picture } from './figures/kinds/pictures.ts';
import type { StageRow } from './input.ts';
import { renderDocument, section } from './markup/document.ts';
import { html, type Markup } from './markup/html.ts';

/** A stage that is being computed now. */
export interface RunningStage {
  /** What people call it, such as `rotnet-small base seed-1 pretrain`. */
  readonly label: string;
  readonly uses: string;
  /** ISO time at which it was begun or gone on with. */
  readonly since: string;
  /** Why it is computed, a line each. */
  readonly why: readonly string[];
  /** Of all its work what is done, 0 to 1; undefined where that is not known. */
  readonly done?: number | undefined;
  /** Steps in a second, as seen while this was watched. */
  readonly stepsPerSecond?: number | undefined;
  readonly secondsLeft?: number | undefined;
  /** What it says of the phase that it is in: how much is done, the rate, the time left. */
  readonly now?: string | undefined;
  readonly curve: Curve;
  /** Of its newest live checkpoint the kernels of the first layer, and what its networks made. */
  readonly filters?: Filters | undefined;
  readonly made?: Picture | undefined;
  /** Folder of its TensorBoard files. */
  readonly events?: string | undefined;
}

/** All that the page on what is running shows. */
export interface WatchInput {
  /** The artifacts folder. */
  readonly root: string;
  readonly running: readonly RunningStage[];
  /** Whether TensorBoard is installed here. */
  readonly tensorBoard: boolean;
  /** Seconds after which a browser asks for the page again. */
  readonly refreshSeconds: number;
}

/** A page on what is running now, which asks for itself again; runs no script. Every text of the input is escaped. */
export function renderWatch({ root, running, tensorBoard, refreshSeconds }: WatchInput): string {
  return renderDocument({
    eyebrow: html`Selfsup`,
    title: running.length === 0 ? 'Nothing is running' : `${running.length} running`,
    summary: `This page looks again every ${refreshSeconds} seconds. It only reads.`,
    facts: [['artifacts', html`<code>${root}</code>`]],
    datasets: [],
    sections: running.map((stage, i) =>
      section(`running-${'abcdefghij'[i] ?? 'more'}`, stage.label, stageBody(stage, tensorBoard)),
    ),
    refreshSeconds,
  });
}

function stageBody(stage: RunningStage, tensorBoard: boolean): Markup {
  const { uses, since, why, now, done, stepsPerSecond, secondsLeft, events } = stage;
  const facts: readonly (readonly [string, Markup | string | undefined])[] = [
    ['uses', uses],
    ['since', since.replace('T', ' ').slice(0, 19)],
    ['now', now],
    ['done', done === undefined ? undefined : `${(100 * done).toFixed(1)} %`],
    ['rate', stepsPerSecond === undefined ? undefined : `${stepsPerSecond.toPrecision(3)} steps/s`],
    ['time left', secondsLeft === undefined ? undefined : `about ${duration(secondsLeft)}`],
    ['why', why.join('; ')],
    ['TensorBoard', events === undefined || !tensorBoard ? undefined : tensorBoardAt(events)],
  ];
  return html`<dl class="facts">
      ${facts
        .filter(([, value]) => value !== undefined)
        .map(
          ([name, value]) =>
            html`<dt>${name}</dt>
              <dd>${value}</dd>`,
        )}
    </dl>
    ${figures(stage)}`;
}

/** Where its page lies unless it is told otherwise. */
function tensorBoardAt(events: string): Markup {
  return html`<code>tensorboard --logdir ${events}</code>, then <a href="http://localhost:6006/">its page</a>`;
}

function figures({ label, uses, curve, filters, made }: RunningStage): Markup {
  const row: StageRow = { variant: 'now', seed: 1, stage: label, uses, config: {}, metrics: [], figures: [] };
  const page = { variants: ['now'], seeds: [1] };
  const isDrawn = curve.train.length + curve.test.length > 0;
  return html`${made && picturesKind.render([{ row, data: { pictures: [made], beside: false } }], page)}
  ${filters && filtersKind.render([{ row, data: filters }], page)}
  ${isDrawn && curveKind.render([{ row, data: curve }], page)}`;
}
