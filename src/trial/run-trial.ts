/**
 * Runs one trial: server, generator and sampler as processes and threads of their own, in a lab or on this host.
 * Whatever fails on the way becomes a reason in the evidence; what was measured before is kept, and every process is gone at the end.
 */
import type { MeasureTimes } from '../generator/messages.ts';
import type { InvalidCode } from '../results/warnings.ts';
import { attackersGone, attackFromMeasure, stopAttackers } from './attackers.ts';
import { bringUp, noParts, openLab, readCounters, type TrialParts, type TrialRequest } from './bring-up.ts';
import {
  loadDeadlineMs,
  serverGraceMs,
  settleMs,
  startLoadMs,
  StepFailure,
  stepDeadlines,
  within,
} from './deadlines.ts';
import type { TrialDependencies, TrialGenerator, TrialSampler } from './dependencies.ts';
import { emptyEvidence, type TrialEvidence } from './evidence.ts';
import { anyHopGone, stopHops } from './hops.ts';
import { settled } from './settle.ts';
import { takeSnapshots } from './snapshots.ts';

/** Rejects with a UserError where the machine refuses the settings of the lab; never for an operational failure; else it is a bug. */
export async function runTrial(request: TrialRequest, dependencies: TrialDependencies): Promise<TrialEvidence> {
  const evidence = emptyEvidence(request.planned, new Date().toISOString(), request.circumstances);
  const parts = noParts();
  try {
    await attempt(evidence, async () => {
      if (request.circumstances.mode.name === 'lab') await openLab(request, dependencies, evidence, parts);
      await bringUp(request, dependencies, evidence, parts);
      await load(request, evidence, parts);
    });
    await collect(dependencies, evidence, parts);
  } finally {
    parts.generator?.kill();
    await parts.attackers?.handle.kill();
    for (const { handle } of parts.chain.parts) await handle.kill();
    await parts.server?.kill();
    const report = (await parts.lab?.close()) ?? null;
    evidence.link = report;
    if (parts.lab !== null && report === null && !parts.labDied) {
      note(evidence, 'lab-died', 'the link gave no last report');
    }
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

/** Starts the load, takes the server's counts at both ends of measure, and waits for the generator's report. */
async function load(request: TrialRequest, evidence: TrialEvidence, parts: TrialParts): Promise<void> {
  const { planned, signal, onLive } = request;
  const server = parts.server!;
  const generator = parts.generator!;
  if (onLive !== undefined) generator.onLive(onLive);
  const hear = (times: MeasureTimes): void => {
    evidence.measureStartNs = times.measureStartNs;
    evidence.measureEndNs = times.measureEndNs;
  };
  const started = new Promise<void>((resolve) => {
    generator.onStarted((times) => {
      hear(times);
      resolve();
    });
  });
  const measure = new Promise<MeasureTimes>((resolve) => {
    generator.onMeasure((times) => {
      hear(times);
      resolve(times);
    });
  });
  const serverGone = server.died.then(() => {
    throw new StepFailure('server-died', 'the server died');
  });
  serverGone.catch(() => undefined);
  // The death of the lab was noted when it happened, as that of the server.
  const labGone = (parts.lab?.died ?? new Promise<never>(() => undefined)).then(() => {
    throw new StepFailure('lab-died', 'the lab died');
  });
  labGone.catch(() => undefined);
  const { config, seed } = planned;
  const { host, port } = parts.target!;
  const helperGone = Promise.race([anyHopGone(parts.chain), attackersGone(parts.attackers)]);
  helperGone.catch(() => undefined);
  attackFromMeasure(parts.attackers, config, { host, port }, measure);
  if ('drain' in config.server) void measure.then((span) => server.measure?.(span));
  generator.start({ config, host, port, seed, ...parts.verification });
  const snapshots = new AbortController();
  try {
    const startBounds = { deadlineMs: startLoadMs(config), code: 'generator-died', signal } as const;
    await within(
      Promise.race([started, generator.done, serverGone, labGone, helperGone]),
      'the start of the load',
      startBounds,
    );
    const taken = takeSnapshots(evidence, server, measure, snapshots.signal);
    const bounds = { deadlineMs: loadDeadlineMs(config), code: 'generator-died', signal } as const;
    evidence.generator = await within(
      Promise.race([generator.done, serverGone, labGone, helperGone]),
      'the load',
      bounds,
    );
    // The report can overtake the snapshot at the end of measure: with nothing left to drain both are due at once.
    await taken;
  } catch (error) {
    await endEarly(evidence, generator);
    // Deaths were noted when they happened.
    if (!(
      error instanceof StepFailure && ['server-died', 'lab-died', 'hop-died', 'attackers-died'].includes(error.code)
    ))
      throw error;
  } finally {
    snapshots.abort();
  }
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

/** A sampler that cannot take this sample will not give its last one either, and that is noted. */
async function lastOfBoth(sampler: TrialSampler): Promise<void> {
  const bounds = { deadlineMs: stepDeadlines.stopSamplerMs, code: 'deadline' } as const;
  await within(sampler.sample(), 'a sample', bounds).catch(() => undefined);
}

/** Ends what is still running and takes its last figures. The order matters: the last sample and counters come after the last close. */
async function collect(dependencies: TrialDependencies, evidence: TrialEvidence, parts: TrialParts): Promise<void> {
  const { lab, server, sampler } = parts;
  const { config } = evidence.planned;
  // Both programs are still there, and measure is over: what is taken from samples over measure needs one from after its end.
  if (sampler !== null) await lastOfBoth(sampler);
  parts.generator?.kill();
  await stopAttackers(parts.attackers, evidence, (step) => attempt(evidence, step));
  await stopHops(parts.chain, config, (step) => attempt(evidence, step));
  if (server !== null && !parts.serverDied) {
    await attempt(evidence, async () => {
      const graceMs = serverGraceMs(config);
      const bounds = { deadlineMs: graceMs + stepDeadlines.stopServerMs, code: 'server-died' } as const;
      const report = await within(server.stop(graceMs), 'the stop of the server', bounds);
      evidence.server = report;
    });
  }
  if (lab !== null && !parts.labDied) evidence.unsettled = await settled(lab, settleMs(config));
  if (sampler !== null) {
    try {
      const bounds = { deadlineMs: stepDeadlines.stopSamplerMs, code: 'deadline' } as const;
      evidence.sampler = await within(sampler.stop(), 'the last sample', bounds);
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error;
      evidence.samplerMissing = error.message;
    }
  }
  readCounters(dependencies, evidence, 'kernelAfter', lab);
}
