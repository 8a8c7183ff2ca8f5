/**
 * The reconciliation of a trial with programs on the way. Each count is compared with that of the next program: what one opened the next
 * accepted, what one sent the next received. In a lab the kernel of a host counts what all programs on it did, together. Pure.
 */
import type { HopReport } from '../hops/messages.ts';
import type { KnownHopReport } from '../hops/hop-handle.ts';
import type { ReconciliationRecord } from '../results/record.ts';
import type { HopConfig } from '../scenario/hop-config.ts';
import { isClean, row, type ReconcileInput } from './comparison.ts';

export interface ReconciledHop {
  readonly kind: HopConfig['kind'];
  readonly host: 'client' | 'server';
  readonly report: KnownHopReport | null;
}

/** One program of the chain, from the client to the server; null is what it does not tell. */
interface Station {
  readonly name: string;
  readonly host: 'client' | 'server';
  readonly accepted: number | null;
  readonly received: number | null;
  readonly attempted: number | null;
  readonly opened: number | null;
  readonly sent: number | null;
  /** How many of `sent` may never have reached the next program. */
  readonly lost: number | null;
  /** How many of `attempted` may have failed before their SYN: without a port, a descriptor or a route. */
  readonly withoutSyn: number;
}

/** Requests that programs on the way tried again; null where one does not tell. */
export function retriedByHops({ hops }: ReconcileInput): number | null {
  return totalOf(hops.map(({ report }) => retriedBy(report)));
}

/** Requests that programs on the way failed or tried again: what a server did wrong may end there. Null where one does not tell. */
export function caughtByHops({ hops }: ReconcileInput): number | null {
  return totalOf(hops.flatMap(({ report }) => [retriedBy(report), failedBy(report)]));
}

function retriedBy(report: KnownHopReport | null): number | null {
  if (report === null) return null;
  return 'downstream' in report ? sum(report.requests.retries) : report.retries;
}

function failedBy(report: KnownHopReport | null): number | null {
  if (report === null) return null;
  if ('downstream' in report) return sum(report.requests.failures);
  return report.failed === null ? null : report.failed[502] + report.failed[504];
}

/** Null where one of them is. */
function totalOf(counts: readonly (number | null)[]): number | null {
  return counts.reduce<number | null>((total, count) => (total === null || count === null ? null : total + count), 0);
}

/** The rows in place of those that know client and server only. `withoutSyn`: connects of the client that may have failed before their SYN. */
export function hopRows(input: ReconcileInput, withoutSyn: number): readonly ReconciliationRecord[] {
  const stations = stationsOf(input, withoutSyn);
  const pairs = stations.slice(1).map((next, index) => [stations[index]!, next] as const);
  return [
    ...pairs.map(([from, to]) => connectionsRow(from, to)),
    ...pairs.map(([from, to]) => requestsRow(from, to)),
    ...failureRows(input),
    ...(input.lab === null ? [] : labRows(input, stations)),
    ...closeRows(input),
  ];
}

function wholeOf(report: KnownHopReport | null): HopReport | null {
  return report !== null && 'downstream' in report ? report : null;
}

function stationsOf({ generator, server, hops }: ReconcileInput, withoutSyn: number): readonly Station[] {
  const { attempted, opened } = generator.connections;
  const { wholeTrial, retried } = generator;
  // Of a response that nobody reads a hop may never be rid.
  const leaked = wholeTrial.leaked ?? 0;
  const isFirstTry = isClean(wholeTrial) && (retried?.wholeTrial ?? 0) === 0 && leaked === 0;
  const client: Station = {
    name: 'client',
    host: 'client',
    accepted: null,
    received: null,
    attempted,
    opened,
    sent: wholeTrial.sent,
    lost: isFirstTry ? 0 : wholeTrial.sent - wholeTrial.answered,
    withoutSyn,
  };
  const last: Station = {
    name: 'server',
    host: 'server',
    accepted: server?.accepted ?? null,
    received: server === null ? null : server.executed + server.refused,
    attempted: null,
    opened: null,
    sent: null,
    lost: null,
    withoutSyn: 0,
  };
  return [client, ...hops.map(stationOf), last];
}

function stationOf({ kind, host, report }: ReconciledHop, index: number): Station {
  const name = `hop ${index + 1} (${kind})`;
  const whole = wholeOf(report);
  if (whole !== null) {
    const { downstream, upstream, requests } = whole;
    const { received, sent, answered } = requests;
    const { attempted, opened } = upstream;
    const withoutSyn = requests.failures.connectFailed + requests.retries.connectFailed;
    const lost = sent - answered;
    return { name, host, accepted: downstream.opened, received, attempted, opened, sent, lost, withoutSyn };
  }
  const partial = report === null || 'downstream' in report ? null : report;
  const failed = partial?.failed ?? null;
  const lost = failed === null ? null : failed[502] + failed[504] + (partial?.retries ?? 0);
  const { accepted = null, received = null, tried = null } = partial ?? {};
  return { name, host, accepted, received, attempted: null, opened: null, sent: tried, lost, withoutSyn: 0 };
}

/** The next program accepts what was opened; an attempt that was given up may have reached it, too. */
function connectionsRow(from: Station, to: Station): ReconciliationRecord {
  const counts = { client: from.opened, server: to.accepted };
  const name = `connections.${idOf(to)}`;
  if (from.opened === null || from.attempted === null || to.accepted === null) {
    return row(name, counts, { ok: null, note: unknownNote(from.opened === null ? from : to, 'connections') });
  }
  const atMost = Math.max(from.opened, from.attempted);
  const ok = to.accepted >= from.opened && to.accepted <= atMost;
  const figures = `${from.name} opened ${from.opened} connections of ${from.attempted} attempted, ${to.name} accepted ${to.accepted}`;
  return row(name, counts, { ok, note: ok && from.opened === atMost ? null : figures });
}

function requestsRow(from: Station, to: Station): ReconciliationRecord {
  const counts = { client: from.sent, server: to.received };
  const name = `requests.${idOf(to)}`;
  if (from.sent === null || from.lost === null || to.received === null) {
    return row(name, counts, { ok: null, note: unknownNote(from.sent === null ? from : to, 'requests') });
  }
  const ok = to.received <= from.sent && to.received >= from.sent - from.lost;
  const bounds = from.lost === 0 ? '' : `; ${from.lost} of them got no answer and may have been lost on the way`;
  const figures = `${from.name} sent ${from.sent} requests, ${to.name} received ${to.received}${bounds}`;
  return row(name, counts, { ok, note: ok && from.lost === 0 ? null : figures });
}

/** The client counts statuses in measure only, so that it may have seen fewer; not more, unless the server itself says such things. */
function failureRows({ generator, hops, server }: ReconcileInput): readonly ReconciliationRecord[] {
  return ([502, 504] as const).map((status) => {
    const known = hops.map(({ report }) => failedWith(report, status));
    const client = generator.statuses[status] ?? 0;
    const total = totalOf(known);
    const name = `status.${status}`;
    if (total === null)
      return row(name, { client }, { ok: null, note: `not every program on the way counts its answers of ${status}` });
    if (server === null && client > total) {
      return row(
        name,
        { client, server: total },
        { ok: null, note: `the server may have answered with ${status}, too` },
      );
    }
    const ok = client <= total;
    const note = `the client saw ${client} answers of ${status} in measure, the programs on the way gave ${total} in all`;
    return row(name, { client, server: total }, { ok, note: client === total ? null : note });
  });
}

/** Of failures without a status the client sees only that its connection broke. */
function failedWith(report: KnownHopReport | null, status: 502 | 504): number | null {
  if (report === null) return null;
  if (!('downstream' in report)) return report.failed?.[status] ?? null;
  const { refused, connectFailed, endedOnReuse, endedOnNew, badResponse, connectTimeout, responseTimeout } =
    report.requests.failures;
  return status === 502
    ? refused + connectFailed + endedOnReuse + endedOnNew + badResponse
    : connectTimeout + responseTimeout;
}

/** What the programs on a host did together = what its kernel counted; what left the client's host = flows on the wire. */
function labRows({ lab }: ReconcileInput, stations: readonly Station[]): readonly ReconciliationRecord[] {
  if (lab === null) return [];
  const here = (host: 'client' | 'server'): readonly Station[] => stations.filter((station) => station.host === host);
  const crossing = stations.findLast(({ host }) => host === 'client');
  const openers = (host: 'client' | 'server'): readonly (number | null)[] =>
    here(host).flatMap(({ name, attempted }) => (name === 'server' ? [] : [attempted]));
  const acceptors = (host: 'client' | 'server'): readonly (number | null)[] =>
    here(host).flatMap(({ name, accepted }) => (name === 'client' ? [] : [accepted]));
  const rows: ReconciliationRecord[] = [];
  for (const host of ['client', 'server'] as const) {
    const deltas = host === 'client' ? lab.kernelClient : lab.kernelServer;
    const withoutSyn = sum(here(host).map((station) => station.withoutSyn));
    rows.push(
      kernelRow(`opens.${host}`, 'ActiveOpens', { parts: openers(host), missing: withoutSyn }, deltas, host),
      kernelRow(`accepts.${host}`, 'PassiveOpens', { parts: acceptors(host), missing: 0 }, deltas, host),
    );
  }
  const sent = crossing?.attempted ?? null;
  const { flows } = lab.link;
  const figures = `${crossing?.name ?? 'nobody'} attempted ${sent ?? 'an unknown number of'} connects over the link, the wire saw ${flows} flows`;
  const opened = crossing?.opened ?? 0;
  const ok = sent === null ? null : flows <= sent && flows >= opened;
  rows.push(row('flows', { client: sent, wire: flows }, { ok, note: flows === sent ? null : figures }));
  return rows;
}

/** `client` is what the programs say together, of which the kernel may lack `missing`. */
function kernelRow(
  name: string,
  counter: string,
  { parts, missing }: { readonly parts: readonly (number | null)[]; readonly missing: number },
  deltas: Readonly<Record<string, number>> | null,
  host: 'client' | 'server',
): ReconciliationRecord {
  const kernel = deltas?.[counter] ?? null;
  const total = totalOf(parts);
  if (total === null || kernel === null) {
    const note =
      kernel === null ? `the kernel's ${counter} cannot be read here` : 'a program on this host does not tell';
    return row(name, { client: total, kernel }, { ok: null, note });
  }
  const ok = kernel <= total && kernel >= total - missing;
  const excuse = ok ? ': the others failed before their SYN' : '';
  const note = `the programs on the host of the ${host} counted ${total}, its kernel ${kernel} (${counter})${excuse}`;
  return row(name, { client: total, kernel }, { ok, note: kernel === total ? null : note });
}

/** Who closed first is seen by each side in its own order: without a race or a reset both say the same. */
function closeRows({ generator, server, hops, closeWith }: ReconcileInput): readonly ReconciliationRecord[] {
  const first = wholeOf(hops[0]?.report ?? null);
  const last = wholeOf(hops.at(-1)?.report ?? null);
  const { firstCloser, teardown } = generator.connections;
  const byFin = closeWith === 'fin';
  const ofClient = firstCloser.client + (byFin ? teardown : 0);
  const resets = firstCloser.reset + (byFin ? 0 : teardown);
  const rows: ReconciliationRecord[] = [];
  if (first !== null) {
    const { peer, reset } = first.downstream.closedBy;
    rows.push(sideRow('firstFin.client', ofClient, peer, Math.max(resets, reset), 'the client', 'hop 1'));
  }
  if (last !== null && server !== null) {
    const { peer, reset } = last.upstream.closedBy;
    const own = server.firstCloser.server;
    rows.push(
      sideRow('firstFin.server', own, peer, Math.max(reset, server.firstCloser.reset), 'the server', 'the last hop'),
    );
  }
  return rows;
}

/** `own`, the closer's count, is an upper bound, since it may have overlooked a FIN in its queue; `seen` is what the other side saw. */
function sideRow(
  name: string,
  own: number,
  seen: number,
  resets: number,
  who: string,
  other: string,
): ReconciliationRecord {
  const counts = name.endsWith('client') ? { client: own, server: seen } : { client: seen, server: own };
  const figures = `${who} closed ${own} connections first, ${other} saw ${seen}`;
  if (seen > own + resets) return row(name, counts, { ok: false, note: figures });
  const note =
    own === seen ? null : `${figures}: the others were closed by both at once${resets > 0 ? ', or reset' : ''}`;
  return row(name, counts, { ok: true, note });
}

const idOf = ({ name }: Station): string => (name === 'server' ? 'server' : name.replace(/^hop (\d+) .*$/, 'hop$1'));

function unknownNote({ name }: Station, what: string): string {
  return `${name} does not tell of its ${what}`;
}

function sum(counts: object): number {
  return Object.values(counts as Readonly<Record<string, number>>).reduce((total, count) => total + count, 0);
}
