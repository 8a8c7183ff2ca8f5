/** One lab: two fresh hosts joined by a link, from nothing to ready and back to nothing. */
import { existsSync } from 'node:fs';
import type { NetworkConfig } from '../scenario/config.ts';
import { UserError } from '../scenario/user-error.ts';
import { findLabWay, type LabWay, type Obstacle } from './capability.ts';
import { openHosts, type Host, type Hosts } from './hosts.ts';
import { bringUp } from './interfaces.ts';
import { LabError, LinkProcess } from './link-process.ts';
import { clientAddress, clientAddresses, serverAddress, type LinkReport, type Side } from './messages.ts';
import { applySysctls } from './sysctls.ts';

export interface LabOptions {
  readonly network: NetworkConfig;
  /** How many addresses the client has; absent: 1. */
  readonly clientAddresses?: number;
  /** Of the link's chances: loss, jitter and the like. */
  readonly seed: number;
  /** Where the link writes every packet, an absolute path; null: nowhere. */
  readonly pcapPath: string | null;
  /** How long each step of the set-up, a snapshot and the link's stop may take. */
  readonly deadlineMs: number;
}

export interface Lab {
  /** Commands that start what follows them inside a host, as the user who runs this program. They execute it, so its pid is theirs. */
  readonly clientLauncher: readonly string[];
  readonly serverLauncher: readonly string[];
  /** Processes whose `/proc/PID/net` is that of the host. */
  readonly clientNamespacePid: number;
  readonly serverNamespacePid: number;
  readonly clientAddress: string;
  readonly serverAddress: string;
  /** The process that relays the packets; absent where there is none. */
  readonly linkPid?: number;
  /** What the link counted so far. Rejects with a LabError. */
  linkSnapshot(): Promise<LinkReport>;
  /**
   * Ends the link and the hosts; programs inside must have ended, else their host lives on with them. Resolves with the link's last
   * report, null where the link died or fell silent. Every call gives the same promise, which never rejects.
   */
  close(): Promise<LinkReport | null>;
  /** Resolves with a sentence when the link or a host ends though nobody closed the lab. */
  readonly died: Promise<string>;
}

/**
 * Makes a lab. Rejects with a UserError where the machine allows none, or refuses a sysctl or the congestion control; with a LabError
 * where something broke. Then nothing is left behind.
 */
export async function openLab(options: LabOptions): Promise<Lab> {
  const { deadlineMs } = options;
  const found = await findLabWay();
  if (!found.ok) throw noLab(found.reasons);
  const hosts = await openHosts(found.way, deadlineMs).catch((error: unknown) => {
    throw new LabError('LAB_FAILED', `No hosts: ${error instanceof Error ? error.message : String(error)}`);
  });
  const link = new LinkProcess(hosts.linkLauncher, deadlineMs);
  try {
    await setUp(options, found.way, hosts, link);
  } catch (error) {
    await link.kill();
    await hosts.close();
    if (error instanceof UserError || error instanceof LabError) throw error;
    throw new LabError('LAB_FAILED', error instanceof Error ? error.message : String(error));
  }
  return labOf(hosts, link);
}

function noLab(reasons: readonly Obstacle[]): UserError {
  const sentences = reasons.map(({ what, fix }) => `${what} ${fix}`);
  return new UserError(
    'NO_LAB',
    `this machine allows no lab: ${sentences.join(' ')}`,
    'connbench doctor says more; network.mode host does without.',
  );
}

/** The link starts while the sysctls are set: its start is what takes longest. */
async function setUp(options: LabOptions, way: LabWay, hosts: Hosts, link: LinkProcess): Promise<void> {
  const { network, seed, pcapPath, deadlineMs } = options;
  const sides: readonly (readonly [Side, Host])[] = [
    ['client', hosts.client],
    ['server', hosts.server],
  ];
  const attaching = link.attach({
    config: network.link,
    seed,
    clientNamespacePid: hosts.client.holderPid,
    serverNamespacePid: hosts.server.holderPid,
    pcapPath,
  });
  const [{ clientDevice, serverDevice }] = await Promise.all([
    attaching,
    ...sides.map(([side, host]) =>
      applySysctls(side, [...host.adminLauncher, way.sh], network.sysctls[side], deadlineMs),
    ),
  ]);
  const hasIpv6 = existsSync('/proc/sys/net/ipv6');
  const { congestionControl } = network;
  await Promise.all(
    sides.map(([side, host]) => {
      const ofSide =
        side === 'client'
          ? { device: clientDevice, addresses: clientAddresses(options.clientAddresses ?? 1) }
          : { device: serverDevice, addresses: [serverAddress] };
      const request = { side, ...ofSide, congestionControl, hasIpv6 };
      return bringUp([...host.adminLauncher, way.ip], request, deadlineMs);
    }),
  );
}

function labOf(hosts: Hosts, link: LinkProcess): Lab {
  let closing: Promise<LinkReport | null> | null = null;
  const close = async (): Promise<LinkReport | null> => {
    const report = await link.stop();
    await hosts.close();
    return report;
  };
  return {
    clientLauncher: hosts.client.launcher,
    serverLauncher: hosts.server.launcher,
    clientNamespacePid: hosts.client.holderPid,
    serverNamespacePid: hosts.server.holderPid,
    clientAddress,
    serverAddress,
    linkPid: link.pid,
    linkSnapshot: () => link.snapshot(),
    close: () => (closing ??= close()),
    died: new Promise((resolve) => {
      void Promise.race([link.ended, hosts.ended]).then((sentence) => {
        if (closing === null) resolve(sentence);
      });
    }),
  };
}
