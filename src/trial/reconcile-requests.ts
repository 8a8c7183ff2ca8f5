/** The part of the reconciliation about requests that were numbered or met a fault, and about TLS handshakes. Pure. */
import type { ReconciliationRecord } from '../results/record.ts';
import { certainFailures } from '../server/faults.ts';
import type { FaultName } from '../scenario/config.ts';
import { caughtByHops, retriedByHops } from './reconcile-hops.ts';
import { isClean, row, type ReconcileInput, type ReportedInput } from './comparison.ts';

/** Rows for what the server counted of it; none where it does not count. */
export function tlsRows({ generator, server }: ReportedInput): readonly ReconciliationRecord[] {
  const ofClient = generator.connections.tls;
  if (server.tls === undefined || ofClient === undefined) return [];
  const { resetsReceived, resetsSent, connectFailed, attempted, opened } = generator.connections;
  // In TLS 1.3 the client is done first, in a full handshake of 1.2 the server: what ends in between is complete for one side only.
  const unsure = isClean(generator.wholeTrial)
    ? 0
    : Math.max(connectFailed, attempted - opened) + resetsReceived + resetsSent + (ofClient.failed ?? 0);
  const compare = (name: string, client: number, ofServer: number): ReconciliationRecord => {
    const isEqual = client === ofServer;
    const ok = Math.abs(client - ofServer) <= unsure;
    const figures = `the client counted ${client}, the server ${ofServer}`;
    const bounds = `${figures}: with failed requests up to ${unsure} handshakes may be complete for one side only`;
    return row(name, { client, server: ofServer }, { ok, note: isEqual ? null : ok ? bounds : figures });
  };
  const { full, resumed, earlyData } = server.tls;
  return [
    compare('tls.handshakes', ofClient.full + ofClient.resumed, full + resumed),
    compare('tls.resumed', ofClient.resumed, resumed),
    compare('tls.earlyData', ofClient.earlyData, earlyData),
  ];
}

/** A request is executed again only because the client, or a program on the way, sent it again. */
export function duplicateRows(input: ReportedInput): readonly ReconciliationRecord[] {
  const { generator, server } = input;
  if (server.duplicates === undefined) return [];
  const onTheWay = retriedByHops(input);
  const { duplicates } = server;
  if (onTheWay === null) return [row('requests.duplicates', { server: duplicates }, { ok: null, note: silentHop })];
  const retried = (generator.retried?.wholeTrial ?? 0) + onTheWay;
  const counts = { client: retried, server: duplicates };
  if (duplicates === null) {
    const note = 'requests had more numbers than the server can remember';
    return [row('requests.duplicates', counts, { ok: null, note })];
  }
  const figures = `the client sent ${retried} requests again, the server executed ${duplicates} again`;
  const ok = duplicates <= retried;
  const note = duplicates === retried ? null : ok ? `${figures}: the others had not been executed` : figures;
  return [row('requests.duplicates', counts, { ok, note })];
}

const silentHop = 'a program on the way does not tell what it failed or tried again';

/**
 * Every request that met a fault which leaves no whole response must have failed, been given up or been sent again: a client that counts
 * fewer has sent some again without a word.
 */
export function faultRows(input: ReportedInput): readonly ReconciliationRecord[] {
  const { generator, server } = input;
  if (server.faults === undefined) return [];
  const { failed, abandoned, leaked = 0 } = generator.wholeTrial;
  const onTheWay = caughtByHops(input);
  const certain = certainFailures.reduce((sum, name) => sum + (server.faults?.[name] ?? 0), 0);
  if (onTheWay === null) return [row('faults', { server: certain }, { ok: null, note: silentHop })];
  const noticed = failed + abandoned + (generator.retried?.wholeTrial ?? 0) + onTheWay;
  const figures = `${certain} requests met a fault that leaves no whole response, the client saw ${noticed} fail`;
  // Of those that attackers sent, or whose response nobody read, nobody knows which met one.
  const ok = noticed + leaked + (input.attackers?.requests ?? 0) >= certain;
  const note = ok ? faultsNote(server.faults) : `${figures}: it sent some again without counting it`;
  return [row('faults', { client: noticed, server: certain }, { ok, note })];
}

function faultsNote(faults: Readonly<Partial<Record<FaultName, number>>>): string | null {
  const met = Object.entries(faults).filter(([, count]) => count > 0);
  return met.length === 0 ? null : `injected: ${met.map(([name, count]) => `${count} ${name}`).join(', ')}`;
}

/** How many requests met a fault, in words to follow a note; empty where none did. */
export function injectedWords({ server }: ReconcileInput): string {
  const injected = Object.values(server?.faults ?? {}).reduce((sum, count) => sum + count, 0);
  return injected === 0 ? '' : ` (${injected} faults were injected)`;
}

/** Whether every request was answered at its first try: only then must the two sides agree to the last request. */
export function isFirstTry({ generator }: ReconcileInput): boolean {
  return isClean(generator.wholeTrial) && (generator.retried?.wholeTrial ?? 0) === 0;
}
