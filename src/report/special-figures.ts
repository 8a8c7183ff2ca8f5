/** Figures that only some scenarios have, by what they are about: TLS handshakes, faults and retries, leaks, and policies of the server. */
import { faultNames } from '../scenario/config.ts';
import { count, milliseconds } from './format.ts';
import { variantFigure, type Figure, type VariantFigures } from './variant-figures.ts';

export interface SpecialColumn {
  /** Path in a trial record. */
  readonly metric: string;
  /** Who counted it, or what it is of. */
  readonly side: string;
  readonly heading: string;
  readonly format: (value: number) => string;
  readonly figure: (row: VariantFigures) => Figure;
}

interface SpecialTable {
  readonly title: string;
  /** How to read it, in a sentence or two. */
  readonly reading: string;
  readonly columns: readonly SpecialColumn[];
  /** Variants with any of the figures. */
  readonly rows: readonly VariantFigures[];
}

/** Every table that has something to say; safe for any run. */
export function specialTables(rows: readonly VariantFigures[]): readonly SpecialTable[] {
  return [handshakes(rows), retries(rows), leaks(rows), policies(rows)].filter((table) => table !== null);
}

function column(
  metric: string,
  side: string,
  heading: string,
  format: (value: number) => string = count,
): SpecialColumn {
  return { metric, side, heading, format, figure: (row) => variantFigure(row, metric) };
}

const handshakeCounts = [
  column('connections.tls.full', 'client', 'full'),
  column('connections.tls.resumed', 'client', 'resumed'),
  column('connections.tls.earlyData', 'client', 'early data'),
  column('server.tls.full', 'server', 'full'),
  column('server.tls.resumed', 'server', 'resumed'),
  column('server.tls.earlyData', 'server', 'early data'),
];
/** Shown where there were any. */
const handshakeTroubles = [
  column('connections.tls.earlyDataRejected', 'client', 'early data refused'),
  column('connections.tls.failed', 'client', 'failed'),
  column('server.tls.failed', 'server', 'failed'),
];

/** Null where nothing spoke TLS. */
function handshakes(all: readonly VariantFigures[]): SpecialTable | null {
  const rows = all.filter((row) => handshakeCounts.some((of) => of.figure(row).value !== null));
  if (rows.length === 0) return null;
  return {
    title: 'TLS handshakes',
    reading:
      'As client and server counted them over the whole trial. Early data: resumed, and the request went with the first flight. p50: time of a handshake.',
    columns: [
      column('latency.tls.p50', 'TLS', 'p50 ms', milliseconds),
      ...handshakeCounts,
      ...handshakeTroubles.filter((of) => rows.some((row) => isAbove0(of, row))),
    ],
    rows,
  };
}

const faultColumns = faultNames.map((name) => column(`server.faults.${name}`, 'met', name));
const retryColumns = [
  column('requests.wholeTrial.retried', 'client', 'sent again'),
  column('requests.duplicates', 'server', 'executed again'),
];

/** Null where no client retried and no server had a fault. */
function retries(all: readonly VariantFigures[]): SpecialTable | null {
  const everything = [...faultColumns, ...retryColumns];
  const rows = all.filter((row) => everything.some((of) => of.figure(row).value !== null));
  if (rows.length === 0) return null;
  return {
    title: 'Faults and retries',
    reading:
      'Requests over the whole trial: those that met a fault of the server, by its name; those that the client sent again; executions, by the server’s count, of a request that had been executed already.',
    columns: everything.filter((of) => rows.some((row) => of.figure(row).value !== null)),
    rows,
  };
}

const neverRead = column('requests.wholeTrial.leaked', 'responses', 'never read');
const leakColumns = [
  neverRead,
  column('connections.leaked', 'connections', 'held at the end'),
  column('connections.opened', 'connections', 'opened'),
  column('fds.client.peak', 'client FDs', 'peak'),
  column('fds.server.peak', 'server FDs', 'peak'),
];

/** Null where no load leaked. */
function leaks(all: readonly VariantFigures[]): SpecialTable | null {
  const rows = all.filter((row) => neverRead.figure(row).value !== null);
  if (rows.length === 0) return null;
  return {
    title: 'Leaks',
    reading:
      'Over the whole trial. Never read: responses whose head the program had and whose body it forgot; they have no response time. Held at the end: connections that such a response still held when the load was over, neither closed nor given back to the pool.',
    columns: leakColumns,
    rows,
  };
}

const policyColumns = [
  column('server.policies.shedResponses', 'responses', 'shed'),
  column('server.policies.shed', 'connections', 'shed'),
  column('server.policies.evicted', 'connections', 'evicted'),
  column('server.policies.acceptPauses', 'accepting', 'paused'),
  column('server.policies.acceptErrors', 'accepting', 'failed'),
  column('server.policies.drain.connections', 'drain', 'open'),
  column('server.policies.drain.closedIdle', 'drain', 'closed idle'),
  column('server.policies.drain.closedAnswered', 'drain', 'after answer'),
  column('server.policies.drain.aborted', 'drain', 'aborted'),
  column('server.policies.drain.left', 'drain', 'left'),
  column('server.policies.drain.durationNs', 'drain', 'ms', milliseconds),
];

/** Null where no server had a policy. */
function policies(all: readonly VariantFigures[]): SpecialTable | null {
  const rows = all.filter((row) => policyColumns.some((of) => of.figure(row).value !== null));
  if (rows.length === 0) return null;
  const known = policyColumns.filter((of) => rows.some((row) => of.figure(row).value !== null));
  const acted = known.filter((of) => rows.some((row) => isAbove0(of, row)));
  return {
    title: 'Server policies',
    reading:
      'By the server’s count over the whole trial. Shed: responses that ended their connection or shortened its timeout, and connections that ended so, because there were too many. Evicted: idle connections that made room for new ones. Paused: how often nothing was accepted until a connection was gone. Failed: attempts to accept, for want of descriptors. Drain: connections that were open when the server began to leave, how it closed them, those open at the end of measure, and the time until the last one was gone.',
    // What never acted says so.
    columns: acted.length === 0 ? known : acted,
    rows,
  };
}

function isAbove0({ figure }: SpecialColumn, row: VariantFigures): boolean {
  return (figure(row).value ?? 0) > 0;
}
