/** Compares what the client, the server and the kernel counted of the same events, and says where they disagree. Pure. */
import type { RequestCounts } from '../clients/observations.ts';
import { settledRequests } from '../clients/request-balance.ts';
import type { ReconciliationRecord } from '../results/record.ts';
import { isClean, isReported, kernelVerdict, row, type ReconcileInput, type ReportedInput } from './comparison.ts';
import { strangeRequests, withAttackers } from './count-attackers.ts';
import { closeRow, timeWaitRows } from './reconcile-closes.ts';
import { labOpenRows, labTimeWaitRows } from './reconcile-lab.ts';
import { hopRows } from './reconcile-hops.ts';
import { leakRows } from './reconcile-leaks.ts';
import { duplicateRows, faultRows, injectedWords, isFirstTry, tlsRows } from './reconcile-requests.ts';

/** Connect errors after which a SYN was certainly sent. After any other the kernel may not have counted the attempt. */
const codesAfterSyn: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'CONNECT_TIMEOUT']);

/** Every comparison of one finished trial. */
export function reconcile(ofLoad: ReconcileInput): readonly ReconciliationRecord[] {
  const input = withAttackers(ofLoad);
  if (input.hops.length > 0) return withHops(input);
  const { lab } = input;
  const reported = isReported(input) ? input : null;
  return [
    ...(lab === null ? openRows(input, reported) : labOpenRows(input, lab, everySynSent(input))),
    ...(reported === null ? [] : requestRows(reported)),
    ...(reported === null ? [] : [closeRow(reported), ...tlsRows(reported)]),
    ...(lab === null ? (reported === null ? [] : timeWaitRows(reported)) : labTimeWaitRows(input, lab)),
    conservationRow('requests.measure', input.generator.measure),
    conservationRow('requests.trial', input.generator.wholeTrial),
  ];
}

/** What knows client and server only has no place where there are programs in between. */
function withHops(input: ReconcileInput): readonly ReconciliationRecord[] {
  const reported = isReported(input) ? input : null;
  return [
    ...hopRows(input, everySynSent(input) ? 0 : input.generator.connections.connectFailed),
    ...(reported === null ? [] : [requestsOnConnectionsRow(reported), ...duplicateRows(reported)]),
    ...(reported === null ? [] : [...faultRows(reported), closeRow(reported)]),
    conservationRow('requests.measure', input.generator.measure),
    conservationRow('requests.trial', input.generator.wholeTrial),
  ];
}

/** How connections began, where a kernel is shared with other programs. */
function openRows(input: ReconcileInput, reported: ReportedInput | null): readonly ReconciliationRecord[] {
  return reported === null ? [connectsRow(input)] : [connectionsRow(reported), connectsRow(input)];
}

function connectionsRow({ generator, server, kernel }: ReportedInput): ReconciliationRecord {
  const { opened, attempted, connectFailed } = generator.connections;
  const counts = { client: opened, server: server.accepted, kernel: kernel?.['PassiveOpens'] ?? null };
  // A handshake can end in the kernel just after the client gave up on it; never the other way round.
  const givenUp = isClean(generator.wholeTrial) ? connectFailed : attempted - opened;
  const atMost = Math.min(attempted, opened + givenUp);
  if (server.accepted < opened || server.accepted > atMost) {
    const allowed = atMost <= opened ? '' : ` to ${atMost} (${atMost - opened} connects did not succeed)`;
    const note = `the client opened ${opened} connections, the server accepted ${server.accepted}; expected ${opened}${allowed}`;
    return row('connections', counts, { ok: false, note });
  }
  return row('connections', counts, kernelVerdict('PassiveOpens', counts.kernel, server.accepted));
}

/** Whether no connect failed before its SYN, as far as the failures tell. */
function everySynSent({ generator }: ReconcileInput): boolean {
  const { connectFailed } = generator.connections;
  const connectErrors = [...generator.errors, ...generator.warmUpErrors].filter((error) => error.phase === 'connect');
  const explained = connectErrors.reduce((sum, error) => sum + error.count, 0);
  return (
    connectFailed === 0 || (explained >= connectFailed && connectErrors.every((error) => codesAfterSyn.has(error.code)))
  );
}

function connectsRow(input: ReconcileInput): ReconciliationRecord {
  const { generator, kernel } = input;
  const { attempted, opened, connectFailed } = generator.connections;
  const counts = { client: attempted, kernel: kernel?.['ActiveOpens'] ?? null };
  const allSent = everySynSent(input);
  // Without a descriptor or a port an attempt fails before its SYN: it may be missing from `attempted` and from the kernel's count.
  if (opened + (allSent ? connectFailed : 0) > attempted) {
    const note = `${opened} connections opened and ${connectFailed} failed, of ${attempted} attempted`;
    return row('connects', counts, { ok: false, note });
  }
  const atLeast = allSent ? attempted : opened;
  return row('connects', counts, kernelVerdict('ActiveOpens', counts.kernel, atLeast, attempted));
}

function requestRows(input: ReportedInput): readonly ReconciliationRecord[] {
  return [
    requestsRow(input),
    requestsOnConnectionsRow(input),
    ...leakRows(input),
    ...duplicateRows(input),
    ...faultRows(input),
  ];
}

function requestsRow(input: ReportedInput): ReconciliationRecord {
  const { generator, server } = input;
  const { sent, answered, leaked = 0 } = generator.wholeTrial;
  const handled = server.executed + server.refused;
  const counts = { client: sent, server: handled };
  const figures = `the client sent ${sent} requests and read ${answered} answers, the server executed ${server.executed} and refused ${server.refused}`;
  // A timeout on a connection that never sent a request is answered with 408: a refusal without a request.
  const silent = Math.min(server.refused, server.closesByReason.headersTimeout + server.closesByReason.requestTimeout);
  const strange = strangeRequests(input.attackers);
  if (isFirstTry(input)) {
    const ok = sent === answered + leaked && sent <= handled && sent >= handled - silent - strange;
    const excuse = strange === 0 ? null : `${figures}: up to ${strange} of these were requests of attackers`;
    return row('requests', counts, { ok, note: ok ? excuse : figures });
  }
  const ok = answered + leaked <= handled && handled - silent - strange <= sent;
  const bounds = 'with failed requests only bounds hold: answered <= executed + refused <= sent';
  const note = ok ? `${bounds}${injectedWords(input)}` : figures;
  return row('requests', counts, { ok, note });
}

/** Requests added up over connections must give the requests added up over time. */
function requestsOnConnectionsRow(input: ReportedInput): ReconciliationRecord {
  const { generator, server } = input;
  const onClient = totalRequests(generator.connections.requestsPerConnection);
  const onServer = totalRequests(server.requestsPerConnection);
  const counts = { client: onClient, server: onServer };
  const { answered } = generator.wholeTrial;
  if (!isFirstTry(input) || server.open > 0 || input.attackers !== undefined) {
    const ok = onClient <= answered && onServer <= server.executed;
    const note = `at most ${answered} (client) and ${server.executed} (server): some requests or connections did not end in order${injectedWords(input)}`;
    return row('requestsOnConnections', counts, { ok, note });
  }
  const ok = onClient === answered && onServer === server.executed;
  const note = `expected ${answered} answered by the client's count, ${server.executed} executed by the server's`;
  return row('requestsOnConnections', counts, { ok, note: ok ? null : note });
}

/** Sum of requests over a histogram of requests per connection. */
function totalRequests(requestsPerConnection: Readonly<Record<number, number>>): number {
  return Object.entries(requestsPerConnection).reduce((sum, [requests, count]) => sum + Number(requests) * count, 0);
}

/** scheduled = completed + failed + dropped + abandoned + leaked. The `client` column is the right-hand side. */
function conservationRow(name: string, counts: RequestCounts): ReconciliationRecord {
  const settled = settledRequests(counts);
  const ok = settled === counts.scheduled;
  const note = `scheduled ${counts.scheduled}, but completed + failed + dropped + abandoned${counts.leaked === undefined ? '' : ' + leaked'} = ${settled}`;
  return row(name, { client: settled }, { ok, note: ok ? null : note });
}
