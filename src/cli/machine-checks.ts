/** What this machine allows, found by trying where that is possible: one finding per subject, each obstacle with its way out. */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect, createServer, type AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { loadNative } from '../kernel/native.ts';
import { labCapability, type LabCapability, type Obstacle } from '../lab/capability.ts';
import { readEnvironment, type Environment } from '../samplers/environment.ts';
import { readKernelCounters } from '../samplers/kernel-counters.ts';
import { openTimeWaitSource } from '../samplers/time-wait.ts';
import { probeTimeWaitCounting } from '../trial/time-wait-probe.ts';

export interface Finding {
  /** Stable, for programs. */
  readonly id: string;
  readonly name: string;
  /** False where there are obstacles. */
  readonly ok: boolean;
  /** What was found, in a phrase. */
  readonly found: string;
  readonly obstacles: readonly Obstacle[];
}

export interface MachineReport {
  /** Whether trials can run at all: both hosts on loopback. */
  readonly host: boolean;
  /** Whether trials can have hosts of their own. */
  readonly lab: boolean;
  readonly findings: readonly Finding[];
}

/** Below these a usual scenario runs into the limit. */
const fewestOpenFiles = 4096;
const fewestPorts = 10_000;

/** Tries everything; takes a fraction of a second, changes nothing. */
export async function examineMachine(): Promise<MachineReport> {
  const environment = readEnvironment();
  const node = nodeFinding(environment.runtime.node, requiredNode());
  const loopback = await loopbackFinding();
  const lab = await labCapability();
  const findings = [
    node,
    loopback,
    nativeFinding(),
    labFinding(lab),
    openFilesFinding(environment.openFilesLimit),
    portsFinding(environment.sysctls['net.ipv4.ip_local_port_range']),
    coresFinding(environment.cpu.availableCores),
    congestionFinding(environment.congestionControl, settingOf('tcp_available_congestion_control')),
    await timeWaitFinding(),
    finding('load-generators', 'load generators', 'none needed: client and servers are built in'),
  ];
  return { host: node.ok && loopback.ok, lab: lab.ok, findings };
}

function finding(id: string, name: string, found: string, ...obstacles: readonly Obstacle[]): Finding {
  return { id, name, ok: obstacles.length === 0, found, obstacles };
}

/** The least version in `engines` of package.json, `>=20.18`. */
function requiredNode(): string {
  const { engines } = createRequire(import.meta.url)('../../package.json') as { readonly engines: { node: string } };
  return engines.node.replace(/^>=/, '');
}

/** Exported for its test. */
export function nodeFinding(version: string, least: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number);
  const found = `${version}; ${least} or later is needed`;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return finding('node', 'Node.js', found);
  const what = `Node.js ${version} is older than ${least}.`;
  return finding('node', 'Node.js', found, { what, fix: `Install Node.js ${least} or later: https://nodejs.org/` });
}

async function loopbackFinding(): Promise<Finding> {
  const [id, name] = ['loopback', 'host mode'] as const;
  const server = createServer((socket) => socket.on('error', () => undefined).end());
  try {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket.resume(), 'close');
    return finding(id, name, 'client and server on 127.0.0.1');
  } catch (error) {
    const what = `No connection over 127.0.0.1: ${(error as Error).message}.`;
    return finding(id, name, 'no connection', { what, fix: 'Bring loopback up as root: ip link set lo up' });
  } finally {
    server.close();
  }
}

function nativeFinding(): Finding {
  const [id, name] = ['native-sockets', 'native sockets'] as const;
  const native = loadNative();
  if (native.ok) return finding(id, name, `epoll through koffi on ${process.platform} ${process.arch}`);
  return finding(id, name, 'the client falls back to node:net', {
    what: `Native calls do not work: ${native.reason}. The client then costs more CPU per request.`,
    fix: 'Use Linux on x64 or arm64, and run npm ci again without --omit=optional.',
  });
}

function labFinding(lab: LabCapability): Finding {
  const [id, name] = ['lab', 'lab'] as const;
  if (!lab.ok) return finding(id, name, 'no; network.mode auto falls back to host mode', ...lab.reasons);
  return finding(id, name, lab.how === 'root' ? 'as root' : 'as an ordinary user, in a user namespace');
}

/** Exported for its test. */
export function openFilesFinding(limit: Environment['openFilesLimit']): Finding {
  const [id, name] = ['open-files', 'open files'] as const;
  if (limit === null) return finding(id, name, 'the limit cannot be read here');
  const { soft, hard } = limit;
  const found = `at most ${soft}, hard limit ${hard}`;
  if (soft === 'unlimited' || soft >= fewestOpenFiles) return finding(id, name, found);
  const what = `A process may have ${soft} open files; a connection takes one on each side.`;
  const fix = 'Raise it before the start: ulimit -n 65536. The hard limit is set in /etc/security/limits.conf.';
  return finding(id, name, found, { what, fix });
}

/** Exported for its test: `range` is `first last`. */
export function portsFinding(range: string | null): Finding {
  const [id, name] = ['ephemeral-ports', 'ephemeral ports'] as const;
  const match = /^(\d+) (\d+)$/.exec(range ?? '');
  if (match === null) return finding(id, name, 'the range cannot be read here');
  const count = Number(match[2]) - Number(match[1]) + 1;
  const found = `${count} (${Number(match[1])} to ${Number(match[2])})`;
  if (count >= fewestPorts) return finding(id, name, found);
  const what = `Only ${count} ports for outgoing connections; each stays taken for a minute after its connection.`;
  return finding(id, name, found, { what, fix: 'As root: sysctl -w net.ipv4.ip_local_port_range="32768 60999"' });
}

function coresFinding(cores: number): Finding {
  if (cores >= 2) return finding('processors', 'processors', `${cores}`);
  const what = 'Client, server and link share one processor, so they slow each other down.';
  return finding('processors', 'processors', `${cores}`, { what, fix: 'Give the machine or container at least 2.' });
}

/** Exported for its test. */
export function congestionFinding(current: string | null, available: string | null): Finding {
  const [id, name] = ['congestion-control', 'congestion control'] as const;
  if (available === null) return finding(id, name, 'cannot be read here');
  const found = `${available.split(' ').join(', ')}; this machine's default is ${current ?? 'unknown'}`;
  if (available.split(' ').includes('cubic')) return finding(id, name, found);
  const what = 'cubic, which labs use unless the scenario says otherwise, is not loaded.';
  return finding(id, name, found, { what, fix: 'As root: modprobe tcp_cubic. Or set network.congestionControl.' });
}

async function timeWaitFinding(): Promise<Finding> {
  const [id, name] = ['time-wait', 'TIME_WAIT counting'] as const;
  const source = openTimeWaitSource(1);
  const { method } = source;
  source.close();
  if (method === null) {
    const fix = 'Use Linux with /proc mounted.';
    return finding(id, name, 'not by side', { what: 'TIME_WAIT sockets cannot be counted here.', fix });
  }
  const counting = await probeTimeWaitCounting(() => readKernelCounters());
  const moment = counting === 'unknown' ? 'at an unknown moment' : `at ${counting}`;
  return finding(id, name, `host mode: ${method}; lab: sockstat of each host; the kernel's TW counts ${moment}`);
}

function settingOf(name: string): string | null {
  try {
    return readFileSync(`/proc/sys/net/ipv4/${name}`, 'latin1').trim();
  } catch {
    return null;
  }
}
