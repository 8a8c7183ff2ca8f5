/** Figures that only some scenarios have, by what they are about: TLS handshakes, and requests that met a fault or were sent again. */
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
  return [handshakes(rows), retries(rows)].filter((table) => table !== null);
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

function isAbove0({ figure }: SpecialColumn, row: VariantFigures): boolean {
  return (figure(row).value ?? 0) > 0;
}
