/** Whether this machine allows a lab, found by trying: what is missing, and how to get it. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { loadNative } from '../kernel/native.ts';
import { findProgram, runProgram } from './system-programs.ts';

/** With what rights the namespaces are made. */
type LabRights = 'root' | 'user-namespace';

/** One thing that is missing, as a sentence, and what to do about it. */
export interface Obstacle {
  readonly what: string;
  readonly fix: string;
}

export type LabCapability =
  { readonly ok: true; readonly how: LabRights } | { readonly ok: false; readonly reasons: readonly Obstacle[] };

/** How a lab is made here: the rights, and the absolute paths of the programs. */
export interface LabWay {
  readonly how: LabRights;
  readonly unshare: string;
  readonly nsenter: string;
  readonly ip: string;
  readonly sh: string;
  /** `unshare` knows --map-user (util-linux 2.36 or later). */
  readonly mapsUser: boolean;
}

type FoundWay =
  { readonly ok: true; readonly way: LabWay } | { readonly ok: false; readonly reasons: readonly Obstacle[] };

const tryMs = 5000;
const tunDevice = '/dev/net/tun';
let found: Promise<FoundWay> | undefined;

/** Whether a lab can be made here, with what rights, or else everything that stands in the way. Tries once per process, in about 20 ms. */
export async function labCapability(): Promise<LabCapability> {
  const result = await findLabWay();
  return result.ok ? { ok: true, how: result.way.how } : result;
}

/** The same, with what is needed to make one. */
export function findLabWay(): Promise<FoundWay> {
  found ??= tryLab();
  return found;
}

async function tryLab(): Promise<FoundWay> {
  if (process.platform !== 'linux') {
    return failed([
      { what: `A lab needs Linux; this is ${process.platform}.`, fix: 'Use a Linux machine, or host mode.' },
    ]);
  }
  const native = loadNative();
  const programs = findPrograms();
  const reasons: Obstacle[] = [...programs.missing, ...tunObstacles()];
  if (!native.ok) {
    reasons.push({
      what: `Native calls do not work: ${native.reason}.`,
      fix: 'Run npm ci again; x64 and arm64 are supported.',
    });
  }
  if (programs.paths === null) return failed(reasons);
  const rights = await tryRights(programs.paths.unshare);
  if (!rights.ok) return failed([...rights.reasons, ...reasons]);
  if (reasons.length > 0) return failed(reasons);
  const tun = await runProgram(
    [...rights.launcher, programs.paths.ip, 'tuntap', 'add', 'mode', 'tun', 'name', 'probe'],
    tryMs,
  );
  if (!tun.ok) {
    return failed([
      {
        what: `The kernel gives no TUN device in a network namespace: ${tun.reason}.`,
        fix: 'Load the driver as root: modprobe tun',
      },
    ]);
  }
  const help = await runProgram([programs.paths.unshare, '--help'], tryMs);
  return { ok: true, way: { ...programs.paths, how: rights.how, mapsUser: help.stdout.includes('--map-user') } };
}

const failed = (reasons: readonly Obstacle[]): FoundWay => ({ ok: false, reasons });

type ProgramPaths = Pick<LabWay, 'unshare' | 'nsenter' | 'ip' | 'sh'>;

function findPrograms(): { readonly paths: ProgramPaths | null; readonly missing: readonly Obstacle[] } {
  const unshare = findProgram('unshare');
  const nsenter = findProgram('nsenter');
  const ip = findProgram('ip');
  const sh = findProgram('sh');
  const missing = [
    ...(unshare === null ? [missingProgram('unshare', 'util-linux', 'util-linux-core')] : []),
    ...(nsenter === null ? [missingProgram('nsenter', 'util-linux', 'util-linux-core')] : []),
    ...(ip === null ? [missingProgram('ip', 'iproute2', 'iproute')] : []),
    ...(sh === null ? [missingProgram('sh', 'dash', 'bash')] : []),
  ];
  if (unshare === null || nsenter === null || ip === null || sh === null) return { paths: null, missing };
  return { paths: { unshare, nsenter, ip, sh }, missing };
}

function missingProgram(name: string, debian: string, fedora: string): Obstacle {
  return {
    what: `The program ${name} is not installed.`,
    fix: `Debian, Ubuntu: apt-get install ${debian}. Fedora, RHEL: dnf install ${fedora}.`,
  };
}

function tunObstacles(): readonly Obstacle[] {
  if (!existsSync(tunDevice)) {
    return [
      {
        what: `${tunDevice} does not exist.`,
        fix: 'Load the driver as root: modprobe tun. In a container: start it with --device /dev/net/tun.',
      },
    ];
  }
  try {
    accessSync(tunDevice, constants.R_OK | constants.W_OK);
    return [];
  } catch {
    return [
      {
        what: `${tunDevice} may not be opened by this user.`,
        fix: `As root: chmod 0666 ${tunDevice} (the usual mode; it gives no rights outside own namespaces). Or run as root.`,
      },
    ];
  }
}

type Rights =
  | { readonly ok: true; readonly how: LabRights; readonly launcher: readonly string[] }
  | { readonly ok: false; readonly reasons: readonly Obstacle[] };

/** Root makes network namespaces at once, unless a container forbids it; anybody else needs a user namespace around them. */
async function tryRights(unshare: string): Promise<Rights> {
  const nothing = findProgram('true') ?? 'true';
  const asRoot = [unshare, '--net'];
  if (process.getuid?.() === 0 && (await runProgram([...asRoot, nothing], tryMs)).ok) {
    return { ok: true, how: 'root', launcher: asRoot };
  }
  const asUser = [unshare, '--user', '--map-root-user', '--net'];
  const { ok, reason } = await runProgram([...asUser, nothing], tryMs);
  if (ok) return { ok: true, how: 'user-namespace', launcher: asUser };
  const readSetting = (path: string): string | null => {
    try {
      return readFileSync(path, 'latin1').trim();
    } catch {
      return null;
    }
  };
  return { ok: false, reasons: namespaceObstacles(reason, readSetting) };
}

/** Settings that forbid namespaces to ordinary users: file, the value that forbids, the command that allows. */
const forbidding = [
  ['/proc/sys/kernel/unprivileged_userns_clone', '0', 'sysctl -w kernel.unprivileged_userns_clone=1'],
  [
    '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    '1',
    'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
  ],
  ['/proc/sys/user/max_user_namespaces', '0', 'sysctl -w user.max_user_namespaces=10000'],
  ['/proc/sys/user/max_net_namespaces', '0', 'sysctl -w user.max_net_namespaces=10000'],
] as const;

/** Why `unshare` was refused, by the settings that can be the cause. Exported for its test. */
export function namespaceObstacles(reason: string, readSetting: (path: string) => string | null): readonly Obstacle[] {
  const causes = forbidding.filter(([path, value]) => readSetting(path) === value);
  if (causes.length === 0) {
    return [
      {
        what: `Namespaces may not be made here: ${reason}.`,
        fix: 'Run as root. In a container: start it with --privileged, or with --cap-add SYS_ADMIN --cap-add NET_ADMIN.',
      },
    ];
  }
  return causes.map(([path, value, command]) => ({
    what: `Ordinary users may not make namespaces: ${path.slice('/proc/sys/'.length).replaceAll('/', '.')} is ${value}.`,
    fix: `As root: ${command}. Or run as root.`,
  }));
}
