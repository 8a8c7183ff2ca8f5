/** Where each trial runs: in a lab of its own or in host mode; and what a run asks of the machine, checked before anything runs. */
import { resolve } from 'node:path';
import { HopError } from '../hops/hop-handle.ts';
import { findInstalled } from '../hops/installed-program.ts';
import type { LabCapability } from '../lab/capability.ts';
import type { Lab, LabOptions } from '../lab/lab.ts';
import type { NetworkConfig, TrialConfig } from '../scenario/config.ts';
import { isLoopback } from '../scenario/server-url.ts';
import { UserError } from '../scenario/user-error.ts';
import { stepDeadlines } from './deadlines.ts';

export interface TrialMode {
  readonly name: 'lab' | 'host';
  /** Why not a lab though the scenario would have one (`auto`); null where that is as asked. */
  readonly fallback: string | null;
}

/** `auto` becomes `lab` where the machine allows one. */
export function resolveMode({ mode }: NetworkConfig, capability: LabCapability): TrialMode {
  if (mode === 'host') return { name: 'host', fallback: null };
  if (mode === 'lab' || capability.ok) return { name: 'lab', fallback: null };
  return { name: 'host', fallback: capability.reasons.map(({ what }) => what).join(' ') };
}

export interface Permissions {
  /** Requests may leave this machine. */
  readonly allowRemote: boolean;
  /** Where captures go; null: none are wanted. */
  readonly pcapDir: string | null;
}

/** Throws a UserError where this machine, or the user, does not allow what the trials ask for. */
export function assertAllowed(
  configs: readonly TrialConfig[],
  capability: LabCapability,
  { allowRemote, pcapDir }: Permissions,
): void {
  const needsLab = configs.some(({ network }) => network.mode === 'lab');
  if (needsLab && !capability.ok) {
    const sentences = capability.reasons.map(({ what, fix }) => `${what} ${fix}`);
    throw new UserError(
      'NO_LAB',
      `this scenario needs a lab, and this machine allows none: ${sentences.join(' ')}`,
      'connbench doctor says more.',
    );
  }
  for (const { server } of configs) {
    if (server.kind !== 'external' || isLoopback(server.host) || allowRemote) continue;
    throw new UserError(
      'REMOTE_NOT_ALLOWED',
      `the server ${server.host} is not on this machine`,
      'A benchmark looks like an attack to those who did not order it. Add --allow-remote if the server is yours.',
    );
  }
  for (const { kind } of configs.flatMap(({ via = [] }) => via)) {
    if (kind === 'nginx' || kind === 'haproxy') assertInstalled(kind);
  }
  if (pcapDir !== null && !configs.some(({ network }) => resolveMode(network, capability).name === 'lab')) {
    throw new UserError(
      'NO_CAPTURE',
      '--pcap captures the link of a lab, and no trial runs in one',
      'Leave it out, or see connbench doctor for what a lab needs.',
    );
  }
}

function assertInstalled(kind: 'nginx' | 'haproxy'): void {
  try {
    findInstalled(kind);
  } catch (error) {
    if (!(error instanceof HopError)) throw error;
    throw new UserError(
      'NOT_INSTALLED',
      `via asks for ${kind}: ${error.message}`,
      'Install it, or use kind reverse-proxy.',
    );
  }
}

/**
 * Opens and closes a lab for every set of sysctls and congestion control that trials ask for, so that one that the kernel refuses is told
 * before the first trial instead of in the middle. Rejects with a UserError.
 */
export async function assertSettingsTaken(
  configs: readonly TrialConfig[],
  openLab: (options: LabOptions) => Promise<Lab>,
): Promise<void> {
  const networks = configs.map(({ network }) => network).filter(({ mode }) => mode === 'lab');
  const bySettings = new Map(networks.map((network) => [settingsKey(network), network]));
  for (const [key, network] of bySettings) {
    if (key === plainSettings) continue;
    const lab = await openLab({ network, seed: 0, pcapPath: null, deadlineMs: stepDeadlines.labMs });
    await lab.close();
  }
}

const settingsKey = ({ congestionControl, sysctls }: Pick<NetworkConfig, 'congestionControl' | 'sysctls'>): string =>
  JSON.stringify([congestionControl, sysctls.client, sysctls.server]);
const plainSettings = settingsKey({ congestionControl: 'cubic', sysctls: { client: {}, server: {} } });

/** Absolute, as another process writes it: `DIR/<base>-<index>.pcap`. */
export function capturePath(dir: string, base: string, index: number): string {
  return resolve(dir, `${base}-${String(index).padStart(3, '0')}.pcap`);
}
