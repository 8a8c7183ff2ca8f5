/** Brings up the parts of a trial: the lab, the server, the programs on the way, the attackers, the generator and the sampler. */
import { clientNamed } from '../clients/registry.ts';
import type { Endpoint } from '../hops/messages.ts';
import type { Lab } from '../lab/lab.ts';
import { LabError } from '../lab/link-process.ts';
import type { InvalidCode } from '../results/warnings.ts';
import type { SamplerRequest } from '../samplers/messages.ts';
import type { TrialConfig } from '../scenario/config.ts';
import type { TrialServer } from '../server/server-handle.ts';
import { bringUpAttackers, type RunningAttackers } from './attackers.ts';
import { startServerMs, StepFailure, stepDeadlines, within } from './deadlines.ts';
import type { LiveFigures, TrialDependencies, TrialGenerator, TrialSampler } from './dependencies.ts';
import { portCount } from './environment.ts';
import type { Circumstances, PlannedTrial, TrialEvidence } from './evidence.ts';
import { startHops, type HopChain } from './hops.ts';
import { readHostSettings } from './host-settings.ts';
import { serverNeeds, type ServerNeeds } from './server-needs.ts';

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
export interface TrialParts {
  lab: Lab | null;
  server: TrialServer | null;
  /** The programs on the way, and where the client goes: to the first of them, or to the server. */
  readonly chain: HopChain;
  target: Endpoint | null;
  attackers: RunningAttackers | null;
  generator: TrialGenerator | null;
  sampler: TrialSampler | null;
  /** By which the client verifies the server. */
  verification: ServerNeeds['verification'];
  /** Set when the server ended without having been asked to. */
  serverDied: boolean;
  /** The same of the lab: its link or a host. */
  labDied: boolean;
}

/** Nothing is up yet. */
export function noParts(): TrialParts {
  const none = { lab: null, server: null, target: null, attackers: null, generator: null, sampler: null };
  return { ...none, chain: { parts: [] }, verification: {}, serverDied: false, labDied: false };
}

/** Rejects with a StepFailure; with a UserError where the machine refuses the settings of the lab. */
export async function openLab(
  { planned, pcapPath = null }: TrialRequest,
  dependencies: TrialDependencies,
  evidence: TrialEvidence,
  parts: TrialParts,
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
    evidence.failures.push({ code: 'lab-died', message: sentence });
  });
  evidence.hosts = await readHostSettings(parts.lab, network, stepDeadlines.labMs);
  const range = evidence.hosts.client.sysctls['net.ipv4.ip_local_port_range'] ?? null;
  evidence.limits = { ...evidence.limits, ephemeralPorts: portCount(range) };
}

/** Everything but the lab, from the server to the client, and the first figures of the kernel. Rejects with a StepFailure; `parts` has what is up. */
export async function bringUp(
  { planned, signal, circumstances }: TrialRequest,
  dependencies: TrialDependencies,
  evidence: TrialEvidence,
  parts: TrialParts,
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
    evidence.failures.push({ code: 'server-died', message: `the server process ended ${how}${said}` });
  });
  parts.target = await startHops(config, parts.server, { chain: parts.chain, evidence, dependencies, lab, signal });
  parts.attackers = await bringUpAttackers(config, parts.target.host, { evidence, dependencies, lab, signal });
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
    helperPids: [...(lab?.linkPid === undefined ? [] : [lab.linkPid]), ...hopPids(parts.chain), ...attackerPids(parts)],
    ...hopSampling(parts.chain),
    clientTree: clientNamed(config.client).isProgram === true,
    serverPid: parts.server.pid ?? noProcess,
    serverPort: parts.server.port,
    intervalMs: circumstances.samplerIntervalMs,
  });
}

function hopPids({ parts }: HopChain): readonly number[] {
  return parts.map(({ handle }) => handle.pid);
}

function attackerPids({ attackers }: TrialParts): readonly number[] {
  return attackers === null ? [] : [attackers.handle.pid];
}

/** What the sampler has to know of the programs on the way, if there are any. */
function hopSampling(chain: HopChain): Pick<SamplerRequest, 'hops'> {
  if (chain.parts.length === 0) return {};
  return { hops: chain.parts.map(({ handle: { pid, port } }) => ({ pid, port })) };
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

/** The kernel's counters of both sides, or why they cannot be read. */
export function readCounters(
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
