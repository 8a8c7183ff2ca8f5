/** How long each step of a trial may take, and the clock that holds it to that. */
import { drainLimitMs } from '../clients/drain-limit.ts';
import { rateProfile } from '../load/rate-profile.ts';
import type { TrialConfig } from '../scenario/config.ts';
import { longestWarmUpMs } from '../scenario/warm-up.ts';
import type { InvalidCode } from '../results/warnings.ts';

/** Milliseconds. Starting a process costs about 0.2 s on an idle machine; these are bounds against a hang, not expectations. */
export const stepDeadlines = {
  /** Each step of a lab's set-up, a snapshot of its link, and its end. */
  labMs: 10_000,
  startServerMs: 15_000,
  startGeneratorMs: 15_000,
  startSamplerMs: 12_000,
  /** From the order to start to the generator's first scheduled request, beside the making of the plan: the client's code is loaded then. */
  startLoadMs: 30_000,
  snapshotMs: 5_000,
  /** What the generator gets to report after it was told to stop early. */
  stopEarlyMs: 5_000,
  stopServerMs: 10_000,
  stopSamplerMs: 12_000,
} as const;

/** Time beyond the drain that the generator gets to close and report. */
const reportMs = 10_000;

/** How long the load may take from its first request to the generator's report. */
export function loadDeadlineMs(config: TrialConfig): number {
  return longestWarmUpMs(config.load) + config.load.durationMs + drainLimitMs(config) + reportMs;
}

/** A worker draws every arrival of a Poisson load before it is ready: about 20 ns each on an idle machine. */
const planningMsPerArrival = 1e-4;

/** How long it may take from the order to start until the load begins: every worker makes the whole plan, and they may share a processor. */
export function startLoadMs({ load }: TrialConfig): number {
  if (load.model === 'closed' || load.arrivals !== 'poisson') return stepDeadlines.startLoadMs;
  const { ratePerSecond, shape = { kind: 'steady' }, durationMs, workers } = load;
  const measured = rateProfile(ratePerSecond, shape, durationMs * 1e6).countAt(durationMs * 1e6);
  const arrivals = measured + (ratePerSecond * longestWarmUpMs(load)) / 1000;
  return stepDeadlines.startLoadMs + arrivals * workers * planningMsPerArrival;
}

/** How long a socket's end may take on this network beyond what it takes on the loopback interface: FIN and ACK, each way, and once more. */
function farewellMs({ network }: TrialConfig): number {
  return 4 * (network.link.rttMs + network.link.jitterMs);
}

/** What the server's open connections get to end by themselves. */
export function serverGraceMs(config: TrialConfig): number {
  return 1000 + farewellMs(config);
}

/** How long to wait for the last packets of a lab; a lost FIN is sent again after 200 ms, then after 400, 800 ... */
export function settleMs(config: TrialConfig): number {
  return 2000 + farewellMs(config);
}

/** How long the start of the server may take: a user's program has its own time. */
export function startServerMs({ server }: TrialConfig): number {
  return stepDeadlines.startServerMs + (server.kind === 'command' ? server.readyTimeoutMs : 0);
}

/** A step of a trial that did not go through: data for the record, not a bug. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
  readonly code: InvalidCode;

  constructor(code: InvalidCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * What `step` gives, within `deadlineMs`. A rejection becomes a StepFailure with `code`, a late step one with code `deadline`, and an
 * abort one with code `interrupted`. The step itself is not undone.
 */
export async function within<T>(
  step: Promise<T>,
  what: string,
  bounds: { readonly deadlineMs: number; readonly code: InvalidCode; readonly signal?: AbortSignal | undefined },
): Promise<T> {
  const { deadlineMs, code, signal } = bounds;
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const guard = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new StepFailure('deadline', `${what} took longer than ${deadlineMs / 1000} s`));
    }, deadlineMs);
    onAbort = () => {
      reject(new StepFailure('interrupted', `interrupted: ${what}`));
    };
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([step, guard]);
  } catch (error) {
    throw error instanceof StepFailure ? error : new StepFailure(code, `${what} failed: ${describeError(error)}`);
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
  }
}

/** `CODE: message` where the error has a code that its message lacks. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return code === '' || error.message.includes(code) ? error.message : `${code}: ${error.message}`;
}
