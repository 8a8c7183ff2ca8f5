/**
 * The reconciliation in a lab: the wire is a fourth witness, and the kernels' counters are the trial's alone, so that counts must be equal.
 * Where something failed on the way bounds are left, and each note says which. Pure.
 */
import type { ReconciliationRecord } from '../results/record.ts';
import { isClean, row, timeWaitEntries, type LabCounts, type OutsideInput, type ReconcileInput } from './comparison.ts';
import { clientTally, serverTally } from './reconcile-closes.ts';

/** How connections began. `everySynSent`: no connect failed before its SYN. */
export function labOpenRows(
  input: ReconcileInput,
  lab: LabCounts,
  everySynSent: boolean,
): readonly ReconciliationRecord[] {
  return [connectionsRow(input, lab), connectsRow(input, lab, everySynSent)];
}

/** How they ended, on either side. */
export function labTimeWaitRows(input: ReconcileInput | OutsideInput, lab: LabCounts): readonly ReconciliationRecord[] {
  return [sideRow(input, lab, 'client'), sideRow(input, lab, 'server')];
}

type Verdict = Pick<ReconciliationRecord, 'ok' | 'note'>;
const agreed: Verdict = { ok: true, note: null };

/** Connects of the client = flows on the wire = the client's kernel's ActiveOpens. */
function connectsRow({ generator }: ReconcileInput, lab: LabCounts, everySynSent: boolean): ReconciliationRecord {
  const { attempted, opened, connectFailed } = generator.connections;
  const { flows } = lab.link;
  const kernel = lab.kernelClient?.['ActiveOpens'] ?? null;
  const figures = `the client attempted ${attempted} connects, the wire saw ${flows} flows, the client's kernel ${kernelWords('ActiveOpens', kernel)}`;
  const verdict = (): Verdict => {
    if (opened + (everySynSent ? connectFailed : 0) > attempted) {
      const note = `${opened} connections opened and ${connectFailed} failed, of ${attempted} attempted`;
      return { ok: false, note };
    }
    const agree = kernel === null || kernel === flows;
    if (everySynSent) return agree && flows === attempted ? agreed : { ok: false, note: figures };
    const ok = agree && flows >= opened && flows <= attempted;
    return { ok, note: ok ? 'some connects failed before their SYN' : figures };
  };
  return row('connects', { client: attempted, kernel, wire: flows }, verdict());
}

/** Connections opened = flows on the wire = the server's kernel's PassiveOpens = accepted by the server. */
function connectionsRow({ generator, server }: ReconcileInput, lab: LabCounts): ReconciliationRecord {
  const { attempted, opened, connectFailed } = generator.connections;
  const { flows } = lab.link;
  const kernel = lab.kernelServer?.['PassiveOpens'] ?? null;
  const accepted = server?.accepted ?? null;
  const known = [opened, accepted, kernel, flows].filter((count) => count !== null);
  // Each is witnessed after the next: what the client knows to be open the server's kernel has opened, and so on to the SYN.
  const isOrdered = known.every((count, index) => index === 0 || known[index - 1]! <= count);
  const givenUp = isClean(generator.wholeTrial) ? connectFailed : attempted - opened;
  const isExact = givenUp === 0;
  const ok = isOrdered && (!isExact || known.every((count) => count === opened));
  const figures = [
    `the client opened ${opened} connections`,
    ...(accepted === null ? [] : [`the server accepted ${accepted}`]),
    `the server's kernel ${kernelWords('PassiveOpens', kernel)}`,
    `the wire saw ${flows} flows`,
  ].join(', ');
  const bounds = `${givenUp} connects did not succeed: only bounds hold, opened <= accepted <= PassiveOpens <= flows`;
  const note = ok ? (isExact ? null : bounds) : figures;
  return row('connections', { client: opened, server: accepted, kernel, wire: flows }, { ok, note });
}

/**
 * First FINs of a side on the wire = its kernel's entries into TIME_WAIT (`TW`, and `TCPTimeWaitOverflow` for those that skipped the
 * state). Where both FINs crossed on the way both sides enter it: the side's own count of having closed first bounds how many those are.
 */
function sideRow(
  input: ReconcileInput | OutsideInput,
  lab: LabCounts,
  side: 'client' | 'server',
): ReconciliationRecord {
  const wire = lab.link.firstFin[side];
  const deltas = side === 'client' ? lab.kernelClient : lab.kernelServer;
  const kernel = timeWaitEntries(deltas);
  const client = clientTally(input);
  const server = serverTally(input);
  const own = (side === 'client' ? client?.clientFirst : server?.serverFirst) ?? null;
  const other = (side === 'client' ? server?.clientFirst : client?.serverFirst) ?? null;
  const counts = {
    client: side === 'client' ? own : other,
    server: side === 'client' ? other : own,
    kernel,
    wire,
  };
  const name = `timeWait.${side}`;
  if (kernel === null) return row(name, counts, { ok: null, note: `the kernel's TW cannot be read here` });
  if (input.timeWaitCounting !== 'entry') {
    const when = input.timeWaitCounting === 'expiry' ? 'when TIME_WAIT ends' : 'at an unknown moment';
    return row(name, counts, { ok: null, note: `this kernel counts TW ${when}, not at entry` });
  }
  const { atLeast, atMost, notes } = entryBounds(lab, side, wire, own);
  const overflow = deltas?.['TCPTimeWaitOverflow'] ?? 0;
  if (overflow > 0)
    notes.push(`${overflow} of them skipped TIME_WAIT: tcp_max_tw_buckets was full (TCPTimeWaitOverflow)`);
  if (kernel >= atLeast && kernel <= atMost) {
    return row(name, counts, { ok: true, note: notes.length === 0 ? null : notes.join('; ') });
  }
  const expected = atLeast === atMost ? `${atLeast}` : `${atLeast} to ${atMost}`;
  const figures = `the ${side} sent the first FIN of ${wire} flows, its kernel entered TIME_WAIT ${kernel} times; expected ${expected}`;
  return row(name, counts, { ok: false, note: [figures, ...notes].join('; ') });
}

/** Between how many entries into TIME_WAIT a side may have that sent the first FIN of `wire` flows and by its own count closed `own` first. */
function entryBounds(
  { link, unsettled }: LabCounts,
  side: 'client' | 'server',
  wire: number,
  own: number | null,
): { readonly atLeast: number; readonly atMost: number; readonly notes: string[] } {
  const notes: string[] = [];
  const { fromClient, fromServer } = link;
  const resets = fromClient.rst + fromServer.rst + fromClient.middleboxResets + fromServer.middleboxResets;
  const waiting = unsettled?.[side] ?? 0;
  const loose = resets + waiting;
  if (resets > 0) notes.push(`${resets} resets, which may end a connection after its FIN: only bounds hold`);
  if (waiting > 0) notes.push(`${waiting} sockets of the ${side} were still waiting for an answer at the end`);
  // Without the side's own count any flow's FINs may have crossed.
  const crossed = own === null ? link.flows - link.resetFlows - wire : Math.max(0, own - wire);
  if (crossed > 0 && own !== null) notes.push(`in up to ${crossed} flows both FINs crossed on the way`);
  return { atLeast: Math.max(0, wire - loose), atMost: wire + Math.max(0, crossed), notes };
}

function kernelWords(counter: string, count: number | null): string {
  return count === null ? `cannot say (${counter})` : `counted ${count} (${counter})`;
}
