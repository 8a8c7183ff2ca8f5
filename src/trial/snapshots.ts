/** The server's own counts at both ends of measure. */
import type { MeasureTimes } from '../generator/messages.ts';
import { nowNs } from '../kernel/clock.ts';
import type { TrialServer } from '../server/server-handle.ts';
import { StepFailure, stepDeadlines, within } from './deadlines.ts';
import type { TrialEvidence } from './evidence.ts';

/**
 * Waits until it is certain when measure is, and takes a snapshot at both ends of it; until `signal` says that nothing more is needed.
 * One that fails leaves its place in the evidence empty: the CPU figures will say that they are missing. Rejects for bugs only.
 */
export async function takeSnapshots(
  evidence: TrialEvidence,
  server: TrialServer,
  measure: Promise<MeasureTimes>,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all([
    attempt(async () => {
      const { measureStartNs } = await unlessAborted(measure, signal);
      evidence.serverAtMeasureStart = await snapshotAt(server, measureStartNs, signal);
    }),
    attempt(async () => {
      const { measureEndNs } = await unlessAborted(measure, signal);
      evidence.serverAtMeasureEnd = await snapshotAt(server, measureEndNs, signal);
    }),
  ]);
}

async function attempt(step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
  }
}

async function snapshotAt(server: TrialServer, atNs: number, signal: AbortSignal): ReturnType<TrialServer['snapshot']> {
  await unlessAborted(sleep(Math.max(0, (atNs - nowNs()) / 1e6), signal), signal);
  const bounds = { deadlineMs: stepDeadlines.snapshotMs, code: 'server-died' } as const;
  return within(server.snapshot(), 'a snapshot of the server', bounds);
}

function unlessAborted<T>(step: Promise<T>, signal: AbortSignal): Promise<T> {
  return within(step, 'waiting for measure', { deadlineMs: 2 ** 31 - 1, code: 'server-died', signal });
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
      },
      { once: true },
    );
  });
}
