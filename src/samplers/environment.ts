/** The fingerprint of the machine and runtime that a result belongs to. What cannot be found here is null, never guessed. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, freemem, loadavg, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';

/** Settings that decide what a connection costs; paths below /proc/sys. They belong to the network namespace. */
const sysctlNames = [
  'net.core.somaxconn',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_abort_on_overflow',
  'net.ipv4.tcp_congestion_control',
  'net.ipv4.tcp_fastopen',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_max_syn_backlog',
  'net.ipv4.tcp_max_tw_buckets',
  'net.ipv4.tcp_slow_start_after_idle',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_timestamps',
  'net.ipv4.tcp_tw_reuse',
  'net.ipv4.tcp_tw_reuse_delay',
] as const;
type SysctlName = (typeof sysctlNames)[number];

/** Packages whose version can move a figure. */
const libraryNames = ['koffi', 'piscina', 'hdr-histogram-js'] as const;

export interface Environment {
  readonly runtime: {
    readonly node: string;
    readonly v8: string;
    readonly libuv: string | null;
    readonly openssl: string | null;
    /** The HTTP client behind `fetch`, bundled with Node. */
    readonly undici: string | null;
  };
  readonly libraries: Readonly<Record<string, string | null>>;
  readonly system: {
    /** `linux`, `darwin` ... and `x64`, `arm64` ..., as Node names them. */
    readonly platform: string;
    readonly arch: string;
    readonly kernelRelease: string;
    /** e.g. `Debian GNU/Linux 12 (bookworm)`. */
    readonly distribution: string | null;
  };
  readonly cpu: {
    readonly model: string | null;
    /** Logical processors of the machine. */
    readonly cores: number;
    /** Processors this process may use. */
    readonly availableCores: number;
    /** Frequency governor of the first core, e.g. `performance`; null where the system does not show one. */
    readonly governor: string | null;
    /** The hypervisor or virtual product by name; null: no sign of one. */
    readonly virtualisation: string | null;
    /** `docker`, `podman` or another; null: no sign of one. */
    readonly container: string | null;
  };
  readonly memory: { readonly totalBytes: number; readonly freeBytes: number };
  /** Over 1, 5 and 15 minutes; null on Windows. */
  readonly loadAverage: readonly [number, number, number] | null;
  readonly congestionControl: string | null;
  readonly sysctls: Readonly<Record<SysctlName, string | null>>;
  /** Open files this process may have. */
  readonly openFilesLimit: { readonly soft: FileLimit; readonly hard: FileLimit } | null;
}

type FileLimit = number | 'unlimited';

/** Reads the environment now. Takes no arguments, starts no program, throws nothing. */
export function readEnvironment(): Environment {
  const sysctls = readSysctls();
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  return {
    runtime: {
      node: process.versions.node,
      v8: process.versions.v8,
      libuv: process.versions.uv,
      openssl: process.versions.openssl,
      undici: (process.versions as Readonly<Record<string, string | undefined>>)['undici'] ?? null,
    },
    libraries: Object.fromEntries(libraryNames.map((name) => [name, libraryVersion(name)])),
    system: {
      platform: platform(),
      arch: arch(),
      kernelRelease: release(),
      distribution: parseOsRelease(textOf('/etc/os-release') ?? ''),
    },
    cpu: {
      model: cpus()[0]?.model.trim() ?? null,
      cores: cpus().length,
      availableCores: availableParallelism(),
      governor: textOf('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor'),
      virtualisation: findVirtualisation(),
      container: findContainer(),
    },
    memory: { totalBytes: totalmem(), freeBytes: freemem() },
    loadAverage: platform() === 'win32' ? null : [one, five, fifteen],
    congestionControl: sysctls['net.ipv4.tcp_congestion_control'],
    sysctls,
    openFilesLimit: parseOpenFilesLimit(textOf('/proc/self/limits') ?? ''),
  };
}

/** `PRETTY_NAME` of os-release(5), or null. */
export function parseOsRelease(text: string): string | null {
  return /^PRETTY_NAME=(["']?)(.+)\1$/m.exec(text)?.[2] ?? null;
}

/** Soft and hard `Max open files` of `/proc/PID/limits`, or null where there is no such line. */
export function parseOpenFilesLimit(text: string): Environment['openFilesLimit'] {
  const match = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)/m.exec(text);
  if (match === null) return null;
  const limit = (word: string | undefined): FileLimit => (word === 'unlimited' ? 'unlimited' : Number(word));
  return { soft: limit(match[1]), hard: limit(match[2]) };
}

function readSysctls(): Readonly<Record<SysctlName, string | null>> {
  const entries = sysctlNames.map((name): [SysctlName, string | null] => {
    const text = textOf(`/proc/sys/${name.replaceAll('.', '/')}`);
    return [name, text?.replaceAll(/\s+/g, ' ') ?? null];
  });
  return Object.fromEntries(entries) as Record<SysctlName, string | null>;
}

/** What says that this is a virtual machine: the hypervisor's or the product's name, or the CPU flag alone. Null: no sign of one. */
function findVirtualisation(): string | null {
  const hypervisor = textOf('/sys/hypervisor/type');
  if (hypervisor !== null) return hypervisor;
  if (!/^flags\s*:.*\bhypervisor\b/m.test(textOf('/proc/cpuinfo') ?? '')) return null;
  return textOf('/sys/class/dmi/id/product_name') ?? 'hypervisor';
}

/** `docker`, `podman`, or what `container=` says; null: no sign of one. */
function findContainer(): string | null {
  if (existsSync('/.dockerenv')) return 'docker';
  if (existsSync('/run/.containerenv')) return 'podman';
  return process.env['container'] ?? null;
}

/** The version in an installed package's own package.json, found as `require` would find the package. */
function libraryVersion(name: string): string | null {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    const text = textOf(join(folder, name, 'package.json'));
    if (text === null) continue;
    const version = (JSON.parse(text) as { readonly version?: unknown }).version;
    return typeof version === 'string' ? version : null;
  }
  return null;
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return null;
  }
}
