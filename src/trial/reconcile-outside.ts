/**
 * The reconciliation of a load that a program sent in a process of its own. It counts requests only, so who says how many connections there
 * were are the server, the kernels and the wire; its counts of requests are held against the server's. Pure.
 */
import type { ReconciliationRecord } from '../results/record.ts';
import { kernelVerdict, row, timeWaitEntries, type LabCounts, type OutsideInput } from './comparison.ts';
import { undecided } from './count-attackers.ts';
import { serverTally } from './reconcile-closes.ts';
import { labTimeWaitRows } from './reconcile-lab.ts';

/** Every comparison of one finished trial. */
export function reconcileOutside(input: OutsideInput): readonly ReconciliationRecord[] {
  const { lab } = input;
  return [
    connectionsRow(input),
    connectsRow(input),
    ...(input.attackers === undefined ? requestRows(input) : requestRows(input).map(undecided)),
    ...closeRows(input),
    ...(lab === null ? hostTimeWaitRows(input) : labTimeWaitRows(input, lab)),
  ];
}

/** Accepted = the server's kernel's PassiveOpens = flows on the wire, but for those that it opened as it ended. */
function connectionsRow({ generator, server, kernel, lab }: OutsideInput): ReconciliationRecord {
  const accepted = server?.accepted ?? null;
  if (lab !== null) return labConnectionsRow(accepted, generator.outside.underWayAtMost, lab);
  const counts = { server: accepted, kernel: kernel?.['PassiveOpens'] ?? null };
  if (accepted === null) return row('connections', counts, { ok: null, note: 'neither side counts them' });
  return row('connections', counts, kernelVerdict('PassiveOpens', counts.kernel, accepted));
}

function labConnectionsRow(accepted: number | null, atItsEnd: number, lab: LabCounts): ReconciliationRecord {
  const kernel = lab.kernelServer?.['PassiveOpens'] ?? null;
  const { flows } = lab.link;
  const known = [accepted, kernel, flows].filter((count) => count !== null);
  const isOrdered = known.every((count, index) => index === 0 || known[index - 1]! <= count);
  const spread = Math.max(...known) - Math.min(...known);
  const ok = isOrdered && spread <= atItsEnd;
  const figures = `the server accepted ${accepted ?? 'an unknown number'}, its kernel counted ${kernel ?? 'an unknown number'} (PassiveOpens), the wire saw ${flows} flows`;
  const bounds = `${figures}: up to ${atItsEnd} may have been opened as the client ended`;
  return row(
    'connections',
    { server: accepted, kernel, wire: flows },
    { ok, note: spread === 0 ? null : ok ? bounds : figures },
  );
}

function connectsRow({ server, kernel, lab }: OutsideInput): ReconciliationRecord {
  if (lab === null) {
    const opens = kernel?.['ActiveOpens'] ?? null;
    if (server === null) return row('connects', { kernel: opens }, { ok: null, note: 'neither side counts them' });
    const counts = { server: server.accepted, kernel: opens };
    return row('connects', counts, kernelVerdict('ActiveOpens', opens, server.accepted));
  }
  const { flows } = lab.link;
  const opens = lab.kernelClient?.['ActiveOpens'] ?? null;
  const ok = opens === null ? null : opens === flows;
  const note =
    ok === true ? null : `the wire saw ${flows} flows, the client's kernel counted ${opens ?? 'nothing'} (ActiveOpens)`;
  return row('connects', { kernel: opens, wire: flows }, { ok, note });
}

/**
 * Answers by the program's count, and requests that it says it sent, against what the server executed or refused. When it ends its
 * connections some requests are under way: so many may be executed and not counted as answered, or sent and not executed.
 */
function requestRows({ generator, server }: OutsideInput): readonly ReconciliationRecord[] {
  if (server === null) return [];
  const { wholeTrial, outside } = generator;
  const { underWayAtMost, countedInAdvance } = outside;
  const handled = server.executed + server.refused;
  const { answered, sent } = wholeTrial;
  const served = `the server executed ${server.executed} and refused ${server.refused}`;
  const underWay = `up to ${underWayAtMost} were under way when it ended its connections`;
  const isAnswered = answered <= handled && handled - answered <= underWayAtMost;
  const answers = `it counted ${answered} answers, ${served}`;
  const isSent = handled <= sent && sent - handled <= underWayAtMost;
  const said =
    countedInAdvance === 0 ? `${sent}` : `${sent + countedInAdvance}, ${countedInAdvance} of them before it wrote them`;
  const sending = `it says that it sent ${said}, ${served}`;
  return [
    row(
      'requests',
      { client: answered, server: handled },
      {
        ok: isAnswered,
        note: answered === handled ? null : isAnswered ? `${answers}: ${underWay}` : answers,
      },
    ),
    row(
      'requestsSent',
      { client: sent + countedInAdvance, server: handled },
      {
        // What has to be taken off before counts agree is no agreement.
        ok: isSent ? (countedInAdvance === 0 ? true : null) : false,
        note: sent === handled && countedInAdvance === 0 ? null : isSent ? `${sending}: ${underWay}` : sending,
      },
    ),
  ];
}

/** Every connection that the server accepted has ended. */
function closeRows(input: OutsideInput): readonly ReconciliationRecord[] {
  const tally = serverTally(input);
  if (tally === null || input.server === null) return [];
  const ended = tally.clientFirst + tally.serverFirst + tally.reset + input.server.open;
  const { accepted } = input.server;
  const ok = ended === accepted;
  return [
    row('closes', { server: ended }, { ok, note: ok ? null : `the server ended ${ended} of ${accepted} accepted` }),
  ];
}

/** Connections that ended by FIN in the server's eyes, against entries into TIME_WAIT in the kernel that both sides share. */
function hostTimeWaitRows(input: OutsideInput): readonly ReconciliationRecord[] {
  const tally = serverTally(input);
  if (tally === null) return [];
  const byFin = tally.clientFirst + tally.serverFirst;
  const kernel = timeWaitEntries(input.kernel);
  const counts = { server: byFin, kernel };
  if (input.timeWaitCounting !== 'entry') {
    return [row('timeWait', counts, { ok: null, note: 'this kernel does not count TW at entry' })];
  }
  // A connection whose FINs crossed may leave two, and one that was reset after its FIN none.
  const { underWayAtMost } = input.generator.outside;
  const atLeast = Math.max(0, byFin - tally.reset - underWayAtMost);
  const verdict = kernelVerdict('TW', kernel, atLeast, byFin + underWayAtMost);
  return [row('timeWait', counts, verdict)];
}
