/** Runs the scenarios of a catalogue one after another, each into a file of its own, and goes on where an earlier run was cut short. */
import { randomInt } from 'node:crypto';
import { plural } from '../compare/words.ts';
import { printable } from '../report/printable.ts';
import type { ResultFile } from '../results/read-file.ts';
import { createResultFileAt } from '../results/store.ts';
import { planTrials } from '../scenario/plan.ts';
import { UserError } from '../scenario/user-error.ts';
import type { CatalogueEntry } from './catalogue-entries.ts';
import { putAside, stateOf, type FileState } from './catalogue-file.ts';
import type { ExitCode } from './exit-codes.ts';
import {
  assertPossible,
  measure,
  newHeader,
  resumedRun,
  type PreparedRun,
  type RunConditions,
} from './measured-run.ts';
import type { Output } from './output.ts';
import { clockTime } from './progress-line.ts';

export interface CatalogueOptions extends RunConditions {
  readonly blocks?: number;
  /** Measure everything anew, whatever there is. */
  readonly again: boolean;
}

/** An entry with what there is of it. */
export interface PlannedEntry {
  readonly entry: CatalogueEntry;
  readonly state: FileState;
  /** What is left, by the scenario's own times. */
  readonly secondsLeft: number;
}

export async function plannedEntries(
  entries: readonly CatalogueEntry[],
  { blocks, again }: Pick<CatalogueOptions, 'blocks' | 'again'>,
): Promise<readonly PlannedEntry[]> {
  const planned: PlannedEntry[] = [];
  for (const entry of entries) {
    const found = await stateOf(entry, blocks);
    const state: FileState = again && found.kind !== 'absent' ? { kind: 'other', why: '--again' } : found;
    planned.push({ entry, state, secondsLeft: secondsLeft(entry, state) });
  }
  return planned;
}

function secondsLeft({ estimatedSeconds }: CatalogueEntry, state: FileState): number {
  if (state.kind === 'finished') return 0;
  return state.kind === 'unfinished' ? estimatedSeconds * (1 - state.done / state.trials) : estimatedSeconds;
}

/** What will be done with a scenario, in a few words. */
export function stateText({ entry, state, secondsLeft: left }: PlannedEntry): string {
  const about = `about ${clockTime(left * 1000)}`;
  switch (state.kind) {
    case 'absent':
      return `new, ${about}`;
    case 'finished':
      return 'finished already';
    case 'unfinished':
      return `goes on after ${state.done} of ${plural(state.trials, 'trial')}, ${about}`;
    case 'other':
      return `anew, ${about}, since ${printable(state.why, 500)}; ${printable(entry.path, 300)} is put aside`;
  }
}

/** A scenario that this machine cannot run. */
export interface Impossible {
  readonly entry: CatalogueEntry;
  readonly reason: UserError;
}

export interface CatalogueRun {
  /** The results of each scenario that has any of its present text, by its name. */
  readonly runs: ReadonlyMap<string, ResultFile>;
  readonly impossible: readonly Impossible[];
  /** Of a signal; null where nobody stopped the run. */
  readonly stoppedWith: ExitCode | null;
}

/** What a machine cannot do is told at the end; the other scenarios run all the same. */
export async function runCatalogue(
  planned: readonly PlannedEntry[],
  options: CatalogueOptions,
  output: Output,
): Promise<CatalogueRun> {
  const impossible: Impossible[] = [];
  const runs = new Map<string, ResultFile>();
  const clock = new CatalogueClock(planned);
  for (const [at, item] of planned.entries()) {
    const { entry, state } = item;
    if (!options.quiet) {
      output.say(`[${at + 1}/${planned.length}] ${placeOf(entry)}: ${stateText(item)}; ${clock.leftText()}`);
    }
    if (state.kind === 'finished') {
      runs.set(entry.scenario.name, state.file);
      continue;
    }
    const prepared = await prepare(item, options).catch((error: unknown) => {
      if (!(error instanceof UserError) || isAboutFiles(error)) throw error;
      return error;
    });
    if (prepared instanceof UserError) {
      impossible.push({ entry, reason: prepared });
      clock.skip(item);
      continue;
    }
    clock.begin();
    const { file, interrupt } = await measure(prepared, options, output);
    runs.set(entry.scenario.name, file);
    clock.end(item);
    const stoppedWith = interrupt.exitCode();
    if (stoppedWith !== null) return { runs, impossible, stoppedWith };
  }
  return { runs, impossible, stoppedWith: null };
}

/** A disk that takes nothing more ends the run: it would refuse the other scenarios, too. */
function isAboutFiles({ code }: UserError): boolean {
  return code.startsWith('RESULTS_');
}

export function placeOf({ group, scenario }: CatalogueEntry): string {
  return printable(`${group}/${scenario.name}`, 200);
}

async function prepare({ entry, state }: PlannedEntry, options: CatalogueOptions): Promise<PreparedRun> {
  const { scenario, path } = entry;
  if (state.kind === 'unfinished') return resumedRun(path, options);
  const { blocks } = options;
  const plan = planTrials(scenario, { seed: randomInt(2 ** 32), ...(blocks === undefined ? {} : { blocks }) });
  // Earlier results make room only for ones that this machine can measure.
  await assertPossible(plan, options);
  if (state.kind === 'other') await putAside(path);
  return { plan, writer: await createResultFileAt(path, newHeader(scenario, plan)), completed: new Set() };
}

/** What a scenario takes beside its own time, before one has shown it: machines differ. */
const usualFactor = 1.15;

/** How long the rest takes, by what the scenarios before took. */
class CatalogueClock {
  #secondsLeft: number;
  #estimated = 0;
  #taken = 0;
  #begunMs = 0;

  constructor(planned: readonly PlannedEntry[]) {
    this.#secondsLeft = planned.reduce((sum, { secondsLeft: seconds }) => sum + seconds, 0);
  }

  begin(): void {
    this.#begunMs = performance.now();
  }

  end(item: PlannedEntry): void {
    this.#taken += (performance.now() - this.#begunMs) / 1000;
    this.#estimated += item.secondsLeft;
    this.skip(item);
  }

  skip({ secondsLeft: seconds }: PlannedEntry): void {
    this.#secondsLeft -= seconds;
  }

  leftText(): string {
    const factor = this.#estimated > 0 ? this.#taken / this.#estimated : usualFactor;
    return `${clockTime(Math.max(0, this.#secondsLeft) * factor * 1000)} left in all`;
  }
}
