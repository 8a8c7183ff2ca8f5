/**
 * Runs one trial: server, generator and sampler as processes and threads of their own, in a lab or on this host.
 * Whatever fails on the way becomes a reason in the evidence; what was measured before is kept, and every process is gone at the end.
 */
import { clientNamed } from '../clients/registry.ts';
import type { Lab } from '../lab/lab.ts';
import { LabError } from '../lab/link-process.ts';
import {
  loadDeadlineMs,
  serverGraceMs,
  settleMs,
  startLoadMs,
  startServerMs,
  StepFailure,
  stepDeadlines,
  within,
} from './deadlines.ts';
import type { LiveFigures, TrialDependencies, TrialGenerator, TrialSampler } from './dependencies.ts';
import { portCount } from './environment.ts';
import { emptyEvidence, type Circumstances, type PlannedTrial, type TrialEvidence } from './evidence.ts';
import { readHostSettings } from './host-settings.ts';
import { serverNeeds, type ServerNeeds } from './server-needs.ts';
import { settled } from './settle.ts';
import { takeSnapshots } from './snapshots.ts';
import type { MeasureTimes } from '../generator/messages.ts';
import type { InvalidCode } from '../results/warnings.ts';
import type { SamplerRequest } from '../samplers/messages.ts';
import type { TrialConfig } from '../scenario/config.ts';
import type { TrialServer } from '../server/server-handle.ts';

export interface TrialRequest {
  readonly planned: PlannedTrial;
  readonly circumstances: Circumstances;
  /** Where the link of a lab writes every packet, absolute; null or absent: nowhere. */
  readonly pcapPath?: string | null;
  /** Ends the load early and the trial with it. */
  readonly signal?: AbortSignal | undefined;
  readonly onLive?: ((figures: LiveFigures) => void) | undefined;
}

/** The parts of a running trial, filled in as they come up. */
interface Parts {
  lab: Lab | null;
  server: TrialServer | null;
  generator: TrialGenerator | null;
  sampler: TrialSampler | null;
  /** By which the client verifies the server. */
  verification: ServerNeeds['verification'];
  /** Set when the server ended without having been asked to. */
  serverDied: boolean;
  /** The same of the lab: its link or a host. */
  labDied: boolean;
}

/** Rejects with a UserError where the machine refuses the settings of the lab; never for an operational failure; else it is a bug. */
export async function runTrial(request: TrialRequest, dependencies: TrialDependencies): Promise<TrialEvidence> {
  const evidence = emptyEvidence(request.planned, new Date().toISOString(), request.circumstances);
  const none = { lab: null, server: null, generator: null, sampler: null };
  const parts: Parts = { ...none, verification: {}, serverDied: false, labDied: false };
  try {
    await attempt(evidence, async () => {
      if (request.circumstances.mode.name === 'lab') await openLab(request, dependencies, evidence, parts);
      await bringUp(request, dependencies, evidence, parts);
      await load(request, evidence, parts);
    });
    await collect(dependencies, evidence, parts);
  } finally {
    parts.generator?.kill();
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

async function openLab(
  { planned, pcapPath = null }: TrialRequest,
  dependencies: TrialDependencies,
  evidence: TrialEvidence,
  parts: Parts,
): Promise<void> {
  const { network, strategy } = planned.config;
  const { sourceAddresses } = strategy.tcp;
  const addresses = sourceAddresses === undefined ? {} : { clientAddresses: sourceAddresses };
  const options = { network, ...addresses, seed: planned.seed, pcapPath, deadlineMs: stepDeadlines.labMs };
  try {
    parts.lab = await dependencies.openLab(options);
  } catch (error) {
    if (error instanceof LabError) throw new StepFailure('lab-failed', `the start of the lab failed: ${error.message}`);
    throw error;
  }
  void parts.lab.died.then((sentence) => {
    parts.labDied = true;
    note(evidence, 'lab-died', sentence);
  });
  evidence.hosts = await readHostSettings(parts.lab, network, stepDeadlines.labMs);
  const range = evidence.hosts.client.sysctls['net.ipv4.ip_local_port_range'] ?? null;
  evidence.limits = { ...evidence.limits, ephemeralPorts: portCount(range) };
}

async function bringUp(
  { planned, signal, circumstances }: TrialRequest,
  dependencies: TrialDependencies,
  evidence: TrialEvidence,
  parts: Parts,
): Promise<void> {
  const { startGeneratorMs } = stepDeadlines;
  const { lab } = parts;
  // The starting functions keep their own deadline and clean up after it; this one guards against their own hang.
  const { seed, config } = planned;
  const deadlineMs = stepDeadlines.startServerMs;
  const inLab = lab === null ? {} : { host: lab.serverAddress, launcher: lab.serverLauncher };
  const needs = await serverNeeds(config, dependencies);
  parts.verification = needs.verification;
  const server = dependencies.startServer(config.server, { seed, deadlineMs, ...inLab, ...needs.options });
  parts.server = await broughtUp(
    server,
    'the start of the server',
    startServerMs(config),
    'server-unreachable',
    signal,
  );
  const { output } = parts.server;
  evidence.serverSettings = parts.server.settings;
  evidence.whyNoReport = parts.server.whyNoReport ?? null;
  void parts.server.died.then(({ code, signal: by }) => {
    parts.serverDied = true;
    const words = output?.() ?? '';
    const said = words === '' ? '' : `; the last it wrote: ${words}`;
    const how = by === null ? `with code ${code ?? -1}` : `by ${by}`;
    note(evidence, 'server-died', `the server process ended ${how}${said}`);
  });
  const generator = dependencies.startGenerator({
    deadlineMs: startGeneratorMs,
    client: config.client,
    ...ofSetup(config),
    ...parts.verification,
    ...(lab === null ? {} : { launcher: lab.clientLauncher }),
  });
  parts.generator = await broughtUp(
    generator,
    'the start of the generator',
    startGeneratorMs,
    'generator-died',
    signal,
  );
  // Its failure is awaited in `load`; until then it must not count as unhandled.
  parts.generator.done.catch(() => undefined);
  const { transport, transportReason } = parts.generator;
  evidence.transport = { name: transport, reason: transportReason };
  readCounters(dependencies, evidence, 'kernelBefore', lab);
  parts.sampler = await startSampling(dependencies, evidence, {
    namespaces: lab === null ? null : { clientPid: lab.clientNamespacePid, serverPid: lab.serverNamespacePid },
    serverTree: config.server.kind === 'command',
    clientPid: parts.generator.pid,
    clientTree: clientNamed(config.client).isProgram === true,
    helperPids: lab?.linkPid === undefined ? [] : [lab.linkPid],
    serverPid: parts.server.pid ?? noProcess,
    serverPort: parts.server.port,
    intervalMs: circumstances.samplerIntervalMs,
  });
}

/** The Node that the scenario names for the client. */
function ofSetup({ clientSetup }: TrialConfig): { readonly runtime?: string } {
  return clientSetup?.runtime === undefined ? {} : { runtime: clientSetup.runtime };
}

/** No process has this number: a server that is not ours is not sampled. */
const noProcess = -1;

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
  lab: Lab | null,
): void {
  const client = dependencies.readKernelCounters(lab?.clientNamespacePid);
  const server = lab === null ? client : dependencies.readKernelCounters(lab.serverNamespacePid);
  if ('missing' in client) evidence.kernelMissing = client.missing;
  else if ('missing' in server) evidence.kernelMissing = server.missing;
  else evidence[place] = { client, server };
}

/** `within`, and a part that comes up after nobody waits for it any more is killed. */
async function broughtUp<T extends { kill(): unknown }>(
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
  generator.start({ config, host: server.host, port: server.port, seed, ...parts.verification });
  const snapshots = new AbortController();
  try {
    const startBounds = { deadlineMs: startLoadMs(config), code: 'generator-died', signal } as const;
    await within(Promise.race([started, generator.done, serverGone, labGone]), 'the start of the load', startBounds);
    const taken = takeSnapshots(evidence, server, measure, snapshots.signal);
    const bounds = { deadlineMs: loadDeadlineMs(config), code: 'generator-died', signal } as const;
    evidence.generator = await within(Promise.race([generator.done, serverGone, labGone]), 'the load', bounds);
    // The report can overtake the snapshot at the end of measure: with nothing left to drain both are due at once.
    await taken;
  } catch (error) {
    await endEarly(evidence, generator);
    if (!(error instanceof StepFailure && (error.code === 'server-died' || error.code === 'lab-died'))) throw error;
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
async function collect(dependencies: TrialDependencies, evidence: TrialEvidence, parts: Parts): Promise<void> {
  const { lab, server, sampler } = parts;
  const { config } = evidence.planned;
  // Both programs are still there, and measure is over: what is taken from samples over measure needs one from after its end.
  if (sampler !== null) await lastOfBoth(sampler);
  parts.generator?.kill();
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
