/** Names and values of sysctls: short names for those that connection strategies depend on, full names for the rest. */
import { z } from 'zod';
import type { Sysctls } from './config.ts';
import { quote } from './problem.ts';

const ipv4Names = [
  'ip_local_port_range',
  'ip_local_reserved_ports',
  'tcp_abort_on_overflow',
  'tcp_fastopen',
  'tcp_fin_timeout',
  'tcp_keepalive_intvl',
  'tcp_keepalive_probes',
  'tcp_keepalive_time',
  'tcp_max_syn_backlog',
  'tcp_max_tw_buckets',
  'tcp_no_metrics_save',
  'tcp_notsent_lowat',
  'tcp_retries1',
  'tcp_retries2',
  'tcp_rmem',
  'tcp_sack',
  'tcp_slow_start_after_idle',
  'tcp_syn_retries',
  'tcp_synack_retries',
  'tcp_syncookies',
  'tcp_timestamps',
  'tcp_tw_reuse',
  'tcp_tw_reuse_delay',
  'tcp_window_scaling',
  'tcp_wmem',
] as const;
const coreNames = ['somaxconn'] as const;

/** Sysctls that may be called by the last part of their name. */
export const shortSysctlNames = [...ipv4Names, ...coreNames] as const;

/** No `/`, no `..`, no space: the name becomes a path under /proc/sys. */
const fullName = /^net(\.[A-Za-z0-9_-]{1,64}){2,6}$/;
/** Printable ASCII on one line. */
const safeText = /^[\x20-\x7e]{1,200}$/;

const notAName = ({ input }: { readonly input?: unknown }): string =>
  `${quote(input)} is not a sysctl that can be set; give the full name of one under net, such as net.ipv4.tcp_tw_reuse, or a short name: ${shortSysctlNames.join(', ')}`;
const key = z.union([z.enum(shortSysctlNames), z.string().regex(fullName, { error: notAName })], { error: notAName });

const value = z
  .union([z.string(), z.int()], { error: ({ input }) => notAValue(input) })
  .transform((given) =>
    String(given)
      .replaceAll(/[ \t]+/g, ' ')
      .trim(),
  )
  .refine((text) => safeText.test(text), { error: ({ input }) => notAValue(input) });

function notAValue(input: unknown): string {
  return `must be a whole number, or one line of printable ASCII such as "40000 40499", not ${quote(input)}`;
}

/** Sysctl -> value; keys as they are written, values as text. */
export const sysctlsSchema = z.record(key, value);

/** `tcp_tw_reuse` -> `net.ipv4.tcp_tw_reuse`; a full name stays. */
export function fullSysctlName(name: string): string {
  if (name.startsWith('net.')) return name;
  return (coreNames as readonly string[]).includes(name) ? `net.core.${name}` : `net.ipv4.${name}`;
}

/** The same settings by their full names. */
export function resolveSysctls(settings: Readonly<Record<string, string>>): Sysctls {
  return Object.fromEntries(Object.entries(settings).map(([name, text]) => [fullSysctlName(name), text]));
}
