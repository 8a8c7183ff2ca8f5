/** The report of a worker that saw nothing: what a program did in a process of its own is put into it. */
import { clientCloseReasons, latencyNames, type RequestCounts, type WorkerReport } from './observations.ts';

const nothing: RequestCounts = { scheduled: 0, started: 0, completed: 0, failed: 0, dropped: 0, abandoned: 0 };
const noSamples = { indices: [], counts: [] };

export function emptyReport(drainedNs: number): WorkerReport {
  return {
    drainedNs,
    stopped: false,
    measure: nothing,
    wholeTrial: { ...nothing, sent: 0, answered: 0 },
    errors: [],
    warmUpErrors: [],
    statuses: {},
    latency: Object.fromEntries(
      latencyNames.map((name) => [name, { new: noSamples, reused: noSamples }]),
    ) as unknown as WorkerReport['latency'],
    censored: noSamples,
    slowest: [],
    phaseFaults: null,
    connections: {
      attempted: 0,
      notAttempted: 0,
      opened: 0,
      connectFailed: 0,
      peakOpen: 0,
      closesByReason: Object.fromEntries(
        clientCloseReasons.map((reason) => [reason, 0]),
      ) as WorkerReport['connections']['closesByReason'],
      firstCloser: { client: 0, server: 0, reset: 0 },
      teardown: 0,
      resetsReceived: 0,
      resetsSent: 0,
      requestsPerConnection: {},
    },
    bytes: { sent: 0, received: 0 },
    intervals: [],
  };
}
