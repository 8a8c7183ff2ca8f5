/** Brings the interfaces of a host up: loopback, and the device to the other host with its addresses and congestion control. */
import { UserError } from '../scenario/user-error.ts';
import { hostName } from './hosts.ts';
import { prefixLength, type Side } from './messages.ts';
import { runProgram } from './system-programs.ts';

/** What Ethernet carries, so that segment sizes are those of a real network. */
const mtuBytes = 1500;
/** Of all addresses. */
const network = `198.18.0.0/${prefixLength}`;

export interface InterfaceRequest {
  readonly side: Side;
  readonly device: string;
  /** The first one is that of packets whose program has not chosen. */
  readonly addresses: readonly string[];
  /** `default`: that of the host's kernel. */
  readonly congestionControl: string;
  readonly hasIpv6: boolean;
}

/**
 * Configures one host by one run of `ip` behind the launcher. Rejects with a UserError where the congestion control is unknown, with an
 * Error for anything else.
 *
 * The congestion control is pinned by the route and not by `net.ipv4.tcp_congestion_control`: a new network namespace may only choose
 * among the algorithms in `tcp_allowed_congestion_control`, where cubic is missing on machines that default to another. A route has
 * no such limit, and it decides for connections of both directions.
 */
export async function bringUp(ip: readonly string[], request: InterfaceRequest, deadlineMs: number): Promise<void> {
  const { side, congestionControl } = request;
  const { ok, stdout, reason } = await runProgram([...ip, '-batch', '-'], deadlineMs, commands(request).join('\n'));
  if (!ok && reason.includes('congestion')) throw unknownAlgorithm(congestionControl);
  if (!ok) throw new Error(`ip failed on ${hostName(side)}: ${reason}`);
  if (congestionControl !== 'default' && !stdout.split(/\s+/).includes(congestionControl)) {
    throw new Error(`The route of ${hostName(side)} does not hold ${congestionControl}: ${stdout.trim()}`);
  }
}

function commands({ device, addresses, congestionControl, hasIpv6 }: InterfaceRequest): readonly string[] {
  return [
    'link set dev lo up',
    // Without an IPv6 address the host has nothing to say but what the programs say.
    ...(hasIpv6 ? [`link set dev ${device} addrgenmode none`] : []),
    `link set dev ${device} mtu ${mtuBytes}`,
    ...addresses.map((address) => `address add ${address}/${prefixLength} dev ${device} noprefixroute`),
    `link set dev ${device} up`,
    `route add ${network} dev ${device} src ${addresses[0]!}${congestionControl === 'default' ? '' : ` congctl ${congestionControl}`}`,
    `route show ${network}`,
    '',
  ];
}

function unknownAlgorithm(name: string): UserError {
  return new UserError(
    'CONGESTION_CONTROL_UNKNOWN',
    `network.congestionControl: this kernel has no ${JSON.stringify(name)}`,
    'The sysctl net.ipv4.tcp_available_congestion_control lists what it has; modprobe tcp_NAME may load more.',
  );
}
