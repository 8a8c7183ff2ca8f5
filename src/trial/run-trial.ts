/**
 * Runs one trial in host mode: server, generator and sampler as processes and threads of their own on the loopback interface.
 * Whatever fails on the way becomes a reason in the evidence; what was measured before is kept, and every process is gone at the end.
 */
import { nowNs } from '../kernel/clock.ts';
import { loadDeadlineMs, StepFailure, stepDeadlines, within } from './deadlines.ts';
import type { LiveFigures, TrialDependencies, TrialGenerator, TrialSampler, TrialServer } from './dependencies.ts';
import { emptyEvidence, type PlannedTrial, type TrialEvidence } from './evidence.ts';
import type { InvalidCode } from '../results/warnings.ts';
import type { SamplerRequest } from '../samplers/messages.ts';

export interface TrialRequest {
  readonly planned: PlannedTrial;
  readonly circumstances: Pick<TrialEvidence, 'limits' | 'timeWaitCounting' | 'samplerIntervalMs'>;
  /** Ends the load early and the trial with it. */
  readonly signal?: AbortSignal | undefined;
  readonly onLive?: ((figures: LiveFigures) => void) | undefined;
}

/** The parts of a running trial, filled in as they come up. */
interface Parts {
  server: TrialServer | null;
  generator: TrialGenerator | null;
  sampler: TrialSampler | null;
  /** Set when the server ended without having been asked to. */
  serverDied: boolean;
}

/** Never rejects for an operational failure; a rejection is a bug. */
export async function runTrial(request: TrialRequest, dependencies: TrialDependencies): Promise<TrialEvidence> {
  const evidence = emptyEvidence(request.planned, new Date().toISOString(), request.circumstances);
  const parts: Parts = { server: null, generator: null, sampler: null, serverDied: false };
  try {
    await attempt(evidence, async () => {
      await bringUp(request, dependencies, evidence, parts);
      await load(request, evidence, parts);
    });
    await collect(dependencies, evidence, parts);
  } finally {
    parts.generator?.kill();
    await parts.server?.kill();
  }
  return evidence;
}

/** Runs a step; its failure is noted. */
async function attempt(evidence: TrialEvidence, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    note(evidence, error.code, error.message);
  }
}

function note(evidence: TrialEvidence, code: InvalidCode, message: string): void {
  evidence.failures.push({ code, message });
}

async function bringUp(
  { planned, signal, circumstances }: TrialRequest,
  dependencies: TrialDependencies,
  evidence: TrialEvidence,
  parts: Parts,
): Promise<void> {
  const { startServerMs, startGeneratorMs } = stepDeadlines;
  // The starting functions keep their own deadline and clean up after it; this one guards against their own hang.
  const server = dependencies.startServer(planned.config.server, { seed: planned.seed, deadlineMs: startServerMs });
  parts.server = await settled(server, 'the start of the server', startServerMs, 'server-unreachable', signal);
  evidence.serverSettings = parts.server.settings;
  void parts.server.died.then(({ code, signal: by }) => {
    parts.serverDied = true;
    note(evidence, 'server-died', `the server process ended ${by === null ? `with code ${code ?? -1}` : `by ${by}`}`);
  });
  const generator = dependencies.startGenerator({ deadlineMs: startGeneratorMs, client: planned.config.client });
  parts.generator = await settled(generator, 'the start of the generator', startGeneratorMs, 'generator-died', signal);
  // Its failure is awaited in `load`; until then it must not count as unhandled.
  parts.generator.done.catch(() => undefined);
  const { transport, transportReason } = parts.generator;
  evidence.transport = { name: transport, reason: transportReason };
  readCounters(dependencies, evidence, 'kernelBefore');
  parts.sampler = await startSampling(dependencies, evidence, {
    clientPid: parts.generator.pid,
    serverPid: parts.server.pid,
    serverPort: parts.server.port,
    intervalMs: circumstances.samplerIntervalMs,
  });
}

/** A trial without samples is poorer, not wrong: the record says why they are missing. */
async function startSampling(
  dependencies: TrialDependencies,
  evidence: TrialEvidence,
  request: SamplerRequest,
): Promise<TrialSampler | null> {
  const starting = dependencies.startSampler(request);
  try {
    const bounds = { deadlineMs: stepDeadlines.startSamplerMs, code: 'deadline' } as const;
    return await within(starting, 'the start of the sampler', bounds);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    evidence.samplerMissing = error.message;
    starting.then((late) => late.stop()).catch(() => undefined);
    return null;
  }
}

function readCounters(
  dependencies: TrialDependencies,
  evidence: TrialEvidence,
  place: 'kernelBefore' | 'kernelAfter',
): void {
  const read = dependencies.readKernelCounters();
  if ('missing' in read) evidence.kernelMissing = read.missing;
  else evidence[place] = read;
}

/** `within`, and a part that comes up after nobody waits for it any more is killed. */
async function settled<T extends { kill(): unknown }>(
  starting: Promise<T>,
  what: string,
  deadlineMs: number,
  code: InvalidCode,
  signal: AbortSignal | undefined,
): Promise<T> {
  try {
    return await within(starting, what, { deadlineMs: deadlineMs + 5_000, code, signal });
  } catch (error) {
    starting.then(
      (part) => {
        part.kill();
      },
      () => undefined,
    );
    throw error;
  }
}

/** Starts the load, takes the server's counts at both ends of measure, and waits for the generator's report. */
async function load(request: TrialRequest, evidence: TrialEvidence, parts: Parts): Promise<void> {
  const { planned, signal, onLive } = request;
  const server = parts.server!;
  const generator = parts.generator!;
  if (onLive !== undefined) generator.onLive(onLive);
  const started = new Promise<void>((resolve) => {
    generator.onStarted((times) => {
      evidence.measureStartNs = times.measureStartNs;
      evidence.measureEndNs = times.measureEndNs;
      resolve();
    });
  });
  const serverGone = server.died.then(() => {
    throw new StepFailure('server-died', 'the server died');
  });
  serverGone.catch(() => undefined);
  const { config, seed } = planned;
  generator.start({ config, host: server.host, port: server.port, seed });
  const snapshots = new AbortController();
  try {
    const startBounds = { deadlineMs: stepDeadlines.startLoadMs, code: 'generator-died', signal } as const;
    await within(Promise.race([started, generator.done, serverGone]), 'the start of the load', startBounds);
    const taken = [
      snapshotAt(evidence, server, 'serverAtMeasureStart', evidence.measureStartNs, snapshots.signal),
      snapshotAt(evidence, server, 'serverAtMeasureEnd', evidence.measureEndNs, snapshots.signal),
    ];
    const bounds = { deadlineMs: loadDeadlineMs(config), code: 'generator-died', signal } as const;
    evidence.generator = await within(Promise.race([generator.done, serverGone]), 'the load', bounds);
    // The report can overtake the snapshot at the end of measure: with nothing left to drain both are due at once.
    await Promise.all(taken);
  } catch (error) {
    await endEarly(evidence, generator);
    // The death of the server was noted when it happened.
    if (!(error instanceof StepFailure && error.code === 'server-died')) throw error;
  } finally {
    snapshots.abort();
  }
}

/** A snapshot at a time of CLOCK_MONOTONIC. One that fails leaves its place empty: the CPU figures will say that they are missing. */
async function snapshotAt(
  evidence: TrialEvidence,
  server: TrialServer,
  place: 'serverAtMeasureStart' | 'serverAtMeasureEnd',
  atNs: number | null,
  signal: AbortSignal,
): Promise<void> {
  if (atNs === null) return;
  try {
    const bounds = { deadlineMs: 2 ** 31 - 1, code: 'server-died', signal } as const;
    await within(sleep(Math.max(0, (atNs - nowNs()) / 1e6), signal), 'waiting for measure', bounds);
    const taking = server.snapshot();
    evidence[place] = await within(taking, 'a snapshot of the server', {
      deadlineMs: stepDeadlines.snapshotMs,
      code: 'server-died',
    });
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
  }
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

/** Stops a load that can give no valid trial any more, and keeps the report it still gives. */
async function endEarly(evidence: TrialEvidence, generator: TrialGenerator): Promise<void> {
  generator.stop();
  try {
    const bounds = { deadlineMs: stepDeadlines.stopEarlyMs, code: 'generator-died' } as const;
    evidence.generator = await within(generator.done, 'the early end of the load', bounds);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
  }
}

/** Ends what is still running and takes its last figures. The order matters: the last sample and counters come after the last close. */
async function collect(dependencies: TrialDependencies, evidence: TrialEvidence, parts: Parts): Promise<void> {
  const { server, sampler } = parts;
  parts.generator?.kill();
  if (server !== null && !parts.serverDied) {
    await attempt(evidence, async () => {
      const bounds = { deadlineMs: stepDeadlines.stopServerMs, code: 'server-died' } as const;
      const report = await within(server.stop(stepDeadlines.serverGraceMs), 'the stop of the server', bounds);
      evidence.server = report;
    });
  }
  if (sampler !== null) {
    try {
      const bounds = { deadlineMs: stepDeadlines.stopSamplerMs, code: 'deadline' } as const;
      evidence.sampler = await within(sampler.stop(), 'the last sample', bounds);
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error;
      evidence.samplerMissing = error.message;
    }
  }
  readCounters(dependencies, evidence, 'kernelAfter');
}
