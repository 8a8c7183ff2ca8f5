/** Reads back what the kernel of each host of a lab is set to: for the record, and for the limits that a trial can run into. */
import type { Lab } from '../lab/lab.ts';
import { findProgram, runProgram } from '../lab/system-programs.ts';
import type { NetworkConfig } from '../scenario/config.ts';

export interface HostSettings {
  /** Of the route between the hosts, which decides; the host's default where the route names none. */
  readonly congestionControl: string | null;
  /** By full name, as the kernel prints them; null where one could not be read. */
  readonly sysctls: Readonly<Record<string, string | null>>;
}

const defaultCongestionControl = 'net.ipv4.tcp_congestion_control';
/** Those that bear on connections; what the scenario sets comes on top. */
const always = [
  'net.core.somaxconn',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_max_tw_buckets',
  'net.ipv4.tcp_slow_start_after_idle',
  'net.ipv4.tcp_tw_reuse',
  'net.ipv4.tcp_tw_reuse_delay',
];

/** One line for each name: what the file holds, empty where there is none. (The shell's own `read` takes single bytes; these files give one.) */
const script = 'for name; do cat "/proc/sys/$name" || echo; done 2>/dev/null';

/** Never rejects: what cannot be read is null. */
export async function readHostSettings(
  lab: Pick<Lab, 'clientLauncher' | 'serverLauncher'>,
  network: NetworkConfig,
  deadlineMs: number,
): Promise<{ readonly client: HostSettings; readonly server: HostSettings }> {
  const [client, server] = await Promise.all([
    readSide(lab.clientLauncher, Object.keys(network.sysctls.client), deadlineMs),
    readSide(lab.serverLauncher, Object.keys(network.sysctls.server), deadlineMs),
  ]);
  return { client, server };
}

async function readSide(
  launcher: readonly string[],
  wanted: readonly string[],
  deadlineMs: number,
): Promise<HostSettings> {
  const names = [...new Set([...always, ...wanted])].toSorted();
  const files = [defaultCongestionControl, ...names].map((name) => name.replaceAll('.', '/'));
  const [{ stdout }, routes] = await Promise.all([
    runProgram([...launcher, 'sh', '-c', script, 'sh', ...files], deadlineMs),
    runProgram([...launcher, findProgram('ip') ?? 'ip', 'route', 'show'], deadlineMs),
  ]);
  const [, pinned = null] = /\bcongctl (\S+)/.exec(routes.stdout) ?? [];
  const [first, ...held] = stdout.split('\n').map((line) => line.trim().split(/\s+/).join(' '));
  return {
    congestionControl: pinned ?? (first === undefined || first === '' ? null : first),
    sysctls: Object.fromEntries(names.map((name, index) => [name, held[index] === '' ? null : (held[index] ?? null)])),
  };
}
