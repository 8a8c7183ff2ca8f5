/** How many sockets each side has in TIME_WAIT, and how many connections the client's ports allow. */
import type { TrialConfig } from '../scenario/config.ts';
import type { TrialRecord } from '../results/record.ts';
import type { Closer } from './endings.ts';
import type { Opening } from './opening.ts';
import { steadyDemand } from './loads.ts';
import { assumption, type Assumption, type Theory } from './prediction.ts';
import { nothingFailed, sentOf, sysctlOf, trialSeconds } from './trial-facts.ts';

/** TCP_TIMEWAIT_LEN of Linux, include/net/tcp.h: fixed, whatever tcp_fin_timeout is. */
const timeWaitSeconds = 60;

const sides = ['client', 'server'] as const;
const source = 'RFC 9293 section 3.6: the side that closes first; TCP_TIMEWAIT_LEN in include/net/tcp.h of Linux';

/** Closes before the end, and in whose TIME_WAIT they are. Empty where it is not known who closes. */
export function timeWaits(config: TrialConfig, record: TrialRecord, opening: Opening): readonly Theory[] {
  const sent = sentOf(record);
  const { connections } = record;
  const { closer, because } = opening.ending;
  if (closer === null || sent === null || connections === null) return [];
  const closes = Math.max(0, sent * opening.perRequest - connections.teardown);
  const closesFirst = assumption(`${whose(closer)} ends every connection`, true, because);
  const assumptions = [closesFirst, nothingFailed(config, record), tableNotFull(record)];
  const seconds = trialSeconds(record);
  return sides.flatMap((side): readonly Theory[] => {
    const own = side === closer ? closes : 0;
    const entered: Theory = {
      name: `TIME_WAIT entered, ${side}`,
      metric: `timeWait.${side}.entered`,
      predicted: own,
      formula:
        side === closer
          ? 'closes = sent x opened per request (predicted) - those that the end of the trial closed (measured)'
          : '0: the other side closes first, or a reset leaves none',
      source,
      assumptions,
    };
    return [entered, ...held({ side, closes: own, seconds, record, config, assumptions })];
  });
}

function whose(closer: Closer): string {
  return closer === 'nobody' ? 'a reset' : `a FIN of the ${closer}`;
}

/** `overflow` counts what the kernel did not keep. */
function tableNotFull({ timeWait }: TrialRecord): Assumption {
  const { overflow } = timeWait;
  const because =
    overflow === null ? 'the overflow of its table is not known' : `${overflow} were too many for its table`;
  return assumption('the kernel keeps every one', overflow === null ? null : overflow === 0, because);
}

interface Held {
  readonly side: 'client' | 'server';
  readonly closes: number;
  readonly seconds: number | null;
  readonly record: TrialRecord;
  readonly config: TrialConfig;
  readonly assumptions: readonly Assumption[];
}

/** Those of the last 60 s. The client's include those that the end of the trial makes, so they must be few. */
function held({ side, closes, seconds, record, config, assumptions }: Held): readonly Theory[] {
  if (closes === 0 || seconds === null) return [];
  const teardown = side === 'client' ? (record.timeWait.client.teardown ?? 0) : 0;
  const perSecond = closes / seconds;
  const ofRate = perSecond * Math.min(timeWaitSeconds, seconds);
  const most = side === 'server' ? mostOfPorts(config, record) : null;
  const isFull = most !== null && ofRate > most;
  return [
    {
      name: `TIME_WAIT held, ${side}, peak`,
      metric: `timeWait.${side}.peak`,
      predicted: isFull ? most : ofRate,
      formula: isFull
        ? `one for each of the ${most} ports that the client takes first: its next SYN from there ends the old TIME_WAIT`
        : `rate of closes x min(60 s, the trial's ${seconds.toPrecision(3)} s): ${perSecond.toPrecision(3)}/s, for ever ${Math.round(perSecond * timeWaitSeconds)}`,
      source: isFull
        ? `${source}; section 3.10.7.4 for the SYN; __inet_hash_connect in net/ipv4/inet_hashtables.c`
        : source,
      assumptions: [
        ...assumptions,
        ...(side === 'client' ? [notTakenAgain(record)] : []),
        assumption(
          'the end of the trial adds few',
          teardown <= 0.02 * closes,
          `it closed ${teardown} from this side, before that there were ${Math.round(closes)}`,
        ),
      ],
    },
  ];
}

/**
 * The client's ports, which nothing keeps it from taking again where the server closes first: connect(2) of Linux goes through every second
 * one before it takes any of the others. Null outside a lab.
 */
function mostOfPorts(config: TrialConfig, record: TrialRecord): number | null {
  const ports = portsOf(record);
  return ports === null ? null : Math.floor(ports / 2) * (config.strategy.tcp.sourceAddresses ?? 1);
}

/** How many ports the client's host has for connections; null where that is not known. */
function portsOf(record: TrialRecord): number | null {
  const first = sysctlOf(record, 'client', 'net.ipv4.ip_local_port_range');
  const last = sysctlOf(record, 'client', 'net.ipv4.ip_local_port_range', 1);
  return first === null || last === null ? null : last - first + 1;
}

function notTakenAgain(record: TrialRecord): Assumption {
  const reuse = sysctlOf(record, 'client', 'net.ipv4.tcp_tw_reuse');
  const because = `tcp_tw_reuse is ${reuse ?? 'not known'}, which on a link asks for it where it is 1`;
  return assumption('no port in TIME_WAIT is taken again', reuse === null ? null : reuse !== 1, because);
}

/* ---- ports ---- */

/** A trial that uses a smaller share of the ports than this has nothing to do with their number. */
const noteworthy = 0.25;

/** How many connections can be opened while the client's ports are in its TIME_WAIT; null unless the client closes first, in a lab, and that often. */
export function portCeiling(config: TrialConfig, record: TrialRecord, opening: Opening): Theory | null {
  const range = portsOf(record);
  const seconds = trialSeconds(record);
  const started = record.requests?.wholeTrial?.started ?? null;
  if (opening.ending.closer !== 'client' || range === null || seconds === null || started === null) return null;
  const ports = range * (config.strategy.tcp.sourceAddresses ?? 1);
  const hold = holdSeconds(record);
  const demand = started * opening.perRequest;
  const ceiling = openable(ports, hold.seconds, demand / seconds, seconds);
  const isBinding = demand > ceiling;
  if (demand < ports * noteworthy) return null;
  return {
    name: 'connections opened with these ports',
    metric: 'connections.opened',
    predicted: isBinding ? ceiling : { low: 0, high: ports * (1 + Math.floor(seconds / hold.seconds)) },
    formula: `${isBinding ? '' : 'at most '}${ports} ports in each ${hold.seconds} s: ${(ports / hold.seconds).toPrecision(3)}/s for ever to one address and port`,
    source: `${source}; tcp_tw_reuse and tcp_tw_reuse_delay in Documentation/networking/ip-sysctl.rst`,
    assumptions: [
      assumption('the client closes first', true, opening.ending.because),
      assumption('a port in TIME_WAIT is not taken before', hold.known ? true : null, hold.because),
      assumption('connections are wanted at a steady rate', steadyDemand(config), `load.model is ${config.load.model}`),
    ],
  };
}

/** How long a port is out of use: the delay where the kernel takes ports in TIME_WAIT again; 2 does so on the loopback interface only. */
function holdSeconds(record: TrialRecord): {
  readonly seconds: number;
  readonly known: boolean;
  readonly because: string;
} {
  const reuse = sysctlOf(record, 'client', 'net.ipv4.tcp_tw_reuse');
  if (reuse !== 1) {
    const because =
      reuse === null ? 'tcp_tw_reuse is not known' : `tcp_tw_reuse is ${reuse} on a link that is no loopback`;
    return { seconds: timeWaitSeconds, known: reuse !== null, because };
  }
  const delayMs = sysctlOf(record, 'client', 'net.ipv4.tcp_tw_reuse_delay');
  const because = `tcp_tw_reuse is 1, tcp_tw_reuse_delay ${delayMs === null ? 'not known, 1000 ms before Linux had it' : `${delayMs} ms`}`;
  return { seconds: (delayMs ?? 1000) / 1000, known: delayMs !== null, because };
}

/** Connections that so many ports allow: all of them at the wanted rate, then none until the first comes back, and again. */
export function openable(ports: number, holdSeconds: number, perSecond: number, seconds: number): number {
  if (perSecond * holdSeconds <= ports) return perSecond * seconds;
  const cycles = Math.floor(seconds / holdSeconds);
  return cycles * ports + Math.min(ports, perSecond * (seconds - cycles * holdSeconds));
}
