/** Reads back what the kernel of each host of a lab is set to: for the record, and for the limits that a trial can run into. */
import type { Lab } from '../lab/lab.ts';
import { runProgram } from '../lab/system-programs.ts';
import type { NetworkConfig } from '../scenario/config.ts';

export interface HostSettings {
  readonly congestionControl: string | null;
  /** By full name, as the kernel prints them; null where one could not be read. */
  readonly sysctls: Readonly<Record<string, string | null>>;
}

const congestionControl = 'net.ipv4.tcp_congestion_control';
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

/** One line for each name: what the file holds, empty where there is none. */
const script = 'for name; do read -r held <"/proc/sys/$name" || held=; printf "%s\\n" "$held"; done 2>/dev/null';

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
  const files = [congestionControl, ...names].map((name) => name.replaceAll('.', '/'));
  const { stdout } = await runProgram([...launcher, 'sh', '-c', script, 'sh', ...files], deadlineMs);
  const [first, ...held] = stdout.split('\n').map((line) => line.trim().split(/\s+/).join(' '));
  return {
    congestionControl: first === undefined || first === '' ? null : first,
    sysctls: Object.fromEntries(names.map((name, index) => [name, held[index] === '' ? null : (held[index] ?? null)])),
  };
}
