/** Shows on stderr how far a run is: one line drawn over and over on a terminal, a line every 10 s elsewhere, or nothing. */
import { longestWarmUpMs } from '../scenario/warm-up.ts';
import type { LiveFigures } from '../trial/dependencies.ts';
import type { PlannedTrial } from '../trial/evidence.ts';
import type { RunEvents } from '../trial/run.ts';
import { progressLine } from './progress-line.ts';

export type ProgressMode = 'redraw' | 'lines' | 'none';

const redrawEveryMs = 200;
const lineEveryMs = 10_000;
/** Starting and stopping the processes of a trial, until the first trial has shown what it really takes. */
const firstOverheadMs = 1500;

const clearLine = '\r\u001b[2K';
const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';

export interface ProgressOptions {
  readonly mode: ProgressMode;
  /** Columns now; a terminal may be resized. */
  readonly width: () => number;
  readonly write: (text: string) => void;
  readonly nowMs: () => number;
}

export class Progress implements RunEvents {
  readonly #options: ProgressOptions;
  readonly #trials: readonly PlannedTrial[];
  readonly #alreadyDone: number;
  #done = 0;
  #overheadsMs: number[] = [];
  #trialStartMs = 0;
  #shownMs = -Infinity;
  #drawn = false;
  #last: { readonly atMs: number; readonly completed: number } | null = null;
  #ratePerSecond: number | null = null;

  /** `trials` are those of this run; `alreadyDone` were done by the run that it resumes. */
  constructor(trials: readonly PlannedTrial[], alreadyDone: number, options: ProgressOptions) {
    this.#trials = trials;
    this.#alreadyDone = alreadyDone;
    this.#options = options;
  }

  onTrialStart(trial: PlannedTrial): void {
    this.#trialStartMs = this.#options.nowMs();
    this.#last = null;
    this.#ratePerSecond = null;
    this.#show(trial, 'starting', 0, 0);
  }

  onLive(trial: PlannedTrial, figures: LiveFigures): void {
    const atMs = this.#options.nowMs();
    const last = this.#last;
    if (last !== null && atMs > last.atMs) {
      this.#ratePerSecond = ((figures.completed - last.completed) * 1000) / (atMs - last.atMs);
    }
    this.#last = { atMs, completed: figures.completed };
    this.#show(trial, figures.phase, figures.failed, figures.openConnections);
  }

  onTrialEnd(trial: PlannedTrial): void {
    this.#overheadsMs.push(Math.max(0, this.#options.nowMs() - this.#trialStartMs - loadMs(trial)));
    this.#done++;
  }

  /** Prints a line of its own, also with --quiet where it matters. */
  say(text: string): void {
    this.clear();
    this.#options.write(`${text}\n`);
  }

  /** Takes the line away and gives the cursor back. */
  clear(): void {
    if (!this.#drawn) return;
    this.#drawn = false;
    this.#options.write(`${clearLine}${showCursor}`);
  }

  #show(trial: PlannedTrial, phase: string, failed: number, openConnections: number): void {
    const { mode, nowMs, width, write } = this.#options;
    const nothingYet = mode === 'none' || nowMs() - this.#shownMs < (mode === 'redraw' ? redrawEveryMs : lineEveryMs);
    if (nothingYet) return;
    this.#shownMs = nowMs();
    const state = {
      trial: this.#alreadyDone + this.#done + 1,
      trials: this.#alreadyDone + this.#trials.length,
      variant: trial.variant,
      phase,
      ratePerSecond: this.#ratePerSecond,
      failed,
      openConnections,
      leftMs: this.#leftMs(),
    };
    // One column stays free: some terminals wrap when the last one is written.
    const line = progressLine(state, width() - 1);
    write(mode === 'lines' ? `${line}\n` : `${this.#drawn ? '' : hideCursor}${clearLine}${line}`);
    this.#drawn = mode === 'redraw';
  }

  #leftMs(): number {
    const sum = this.#overheadsMs.reduce((total, ms) => total + ms, 0);
    const overheadMs = this.#overheadsMs.length === 0 ? firstOverheadMs : sum / this.#overheadsMs.length;
    const left = this.#trials.slice(this.#done).reduce((total, trial) => total + loadMs(trial) + overheadMs, 0);
    return left - (this.#options.nowMs() - this.#trialStartMs);
  }
}

function loadMs({ config }: PlannedTrial): number {
  return longestWarmUpMs(config.load) + config.load.durationMs;
}
