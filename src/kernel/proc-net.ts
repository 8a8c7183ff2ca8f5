/** Readers of /proc/net: sockstat, the TCP counters of snmp and netstat, and the socket table counted by side and state. */
import { closeSync, openSync, readSync } from 'node:fs';

/** `/proc/net` of this process's network namespace, or of the namespace that `pid` lives in. */
export function netRoot(pid?: number): string {
  return pid === undefined ? '/proc/net' : `/proc/${pid}/net`;
}

/** TCP states by their number in the kernel (include/net/tcp_states.h). */
export const tcpStates = {
  established: 1,
  synSent: 2,
  synReceived: 3,
  finWait1: 4,
  finWait2: 5,
  timeWait: 6,
  close: 7,
  closeWait: 8,
  lastAck: 9,
  listen: 10,
  closing: 11,
} as const;
export type TcpState = keyof typeof tcpStates;

/** Sockets now; null where this kernel has no such field. */
export interface Sockstat {
  /** Sockets of every kind in the namespace. */
  readonly socketsUsed: number | null;
  /** IPv4 TCP sockets of the namespace, without TIME_WAIT. */
  readonly inUse: number | null;
  /** TCP sockets without a process, of the whole machine. */
  readonly orphan: number | null;
  /** TIME_WAIT and orphaned FIN_WAIT2 sockets of the namespace, IPv4 and IPv6. */
  readonly timeWait: number | null;
  /** TCP sockets allocated on the whole machine. */
  readonly alloc: number | null;
  /** Pages of TCP buffers on the whole machine. */
  readonly memPages: number | null;
}

/** Parses `/proc/net/sockstat`: a protocol and pairs of name and number a line. Unknown lines and names are passed over. */
export function parseSockstat(text: string): Sockstat {
  const sockets = pairs(text, 'sockets:');
  const tcp = pairs(text, 'TCP:');
  return {
    socketsUsed: sockets.get('used') ?? null,
    inUse: tcp.get('inuse') ?? null,
    orphan: tcp.get('orphan') ?? null,
    timeWait: tcp.get('tw') ?? null,
    alloc: tcp.get('alloc') ?? null,
    memPages: tcp.get('mem') ?? null,
  };
}

function pairs(text: string, prefix: string): ReadonlyMap<string, number> {
  const words = lineAfter(text, prefix)[0] ?? [];
  const found = new Map<string, number>();
  for (let index = 0; index + 1 < words.length; index += 2) {
    const value = words[index + 1]!;
    if (/^\d+$/.test(value)) found.set(words[index]!, Number(value));
  }
  return found;
}

/**
 * Parses the pair of lines `Prefix: names` and `Prefix: values` of `/proc/net/snmp` (`Tcp`) or `/proc/net/netstat` (`TcpExt`) into
 * value by name. Takes any set of columns; a name without a value, or with a value that is no number, is left out.
 */
export function parseCounterTable(text: string, prefix: string): Readonly<Record<string, number>> {
  const [names = [], values = []] = lineAfter(text, `${prefix}:`);
  const counters: Record<string, number> = {};
  names.forEach((name, index) => {
    const value = values[index];
    if (value !== undefined && /^-?\d+$/.test(value)) counters[name] = Number(value);
  });
  return counters;
}

/** Packets that the devices of `/proc/net/dev` refused to take for sending, loopback left out: the 4th figure of the right half. */
export function parseTxDropped(text: string): number {
  return text
    .split('\n')
    .flatMap((line) => {
      const [, name, figures] = /^\s*([^\s:]+):\s*(\d.*)$/.exec(line) ?? [];
      return name === undefined || name === 'lo' ? [] : [Number(figures?.split(/\s+/)[11] ?? 0)];
    })
    .reduce((sum, dropped) => sum + dropped, 0);
}

/** The words after `prefix` of every line that begins with it. */
function lineAfter(text: string, prefix: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(prefix))
    .map((line) =>
      line
        .slice(prefix.length)
        .split(/\s+/)
        .filter((word) => word !== ''),
    );
}

/** What happened between two readings, by name: later minus earlier, null where either reading lacks the counter. */
export function counterDeltas<Name extends string>(
  names: readonly Name[],
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Readonly<Record<Name, number | null>> {
  const deltas = names.map((name): [Name, number | null] => {
    const first = before[name];
    const last = after[name];
    return [name, first === undefined || last === undefined ? null : last - first];
  });
  return Object.fromEntries(deltas) as Record<Name, number | null>;
}

/** Sockets in one state by the side of the connection they are. */
export interface SideCounts {
  /** The watched port is the remote one. */
  readonly client: number;
  /** The watched port is the local one. */
  readonly server: number;
  /** Sockets of other ports. */
  readonly other: number;
}

const statesKept = 16;

/** Counts sockets by state and by side of one server port. */
export class PortTally {
  readonly port: number;
  readonly #counts = new Float64Array(3 * statesKept);

  constructor(port: number) {
    this.port = port;
  }

  add(localPort: number, remotePort: number, state: number): void {
    const side = localPort === this.port ? 1 : remotePort === this.port ? 0 : 2;
    if (state < statesKept) this.#counts[side * statesKept + state]! += 1;
  }

  in(state: TcpState): SideCounts {
    const at = tcpStates[state];
    return {
      client: this.#counts[at]!,
      server: this.#counts[statesKept + at]!,
      other: this.#counts[2 * statesKept + at]!,
    };
  }
}

const newline = 10;
const space = 32;
const colon = 58;

/**
 * Feeds a PortTally from the bytes of `/proc/net/tcp` or `tcp6`, cut anywhere. Plain and flat: the table has 150 bytes a socket.
 * A line is `slot: localAddress:port remoteAddress:port state ...`, all hexadecimal; lines of another form are passed over.
 */
export class TcpTableScanner {
  readonly #tally: PortTally;
  #field = -1;
  #inField = false;
  #value = 0;
  #hasColon = false;
  #malformed = false;
  #localPort = 0;
  #remotePort = 0;
  #skipLine = false;

  constructor(tally: PortTally) {
    this.#tally = tally;
  }

  push(chunk: Uint8Array): void {
    let index = 0;
    while (index < chunk.length) {
      if (this.#skipLine) {
        const end = chunk.indexOf(newline, index);
        if (end < 0) return;
        index = end;
      }
      this.#byte(chunk[index]!);
      index += 1;
    }
  }

  #byte(byte: number): void {
    if (byte === newline) {
      this.#field = -1;
      this.#inField = false;
      this.#skipLine = false;
    } else if (byte === space) {
      if (this.#inField) this.#endField();
      this.#inField = false;
    } else {
      if (!this.#inField) this.#beginField();
      if (byte === colon) {
        this.#hasColon = true;
        this.#value = 0;
        return;
      }
      const digit = hexDigit(byte);
      if (digit < 0) this.#malformed = true;
      this.#value = this.#value * 16 + digit;
    }
  }

  #beginField(): void {
    this.#inField = true;
    this.#field += 1;
    this.#value = 0;
    this.#hasColon = false;
    this.#malformed = false;
  }

  #endField(): void {
    if (this.#field === 0) return;
    // Addresses have a colon before the port, the state has none.
    if (this.#malformed || this.#hasColon !== this.#field < 3) {
      this.#skipLine = true;
    } else if (this.#field === 1) {
      this.#localPort = this.#value;
    } else if (this.#field === 2) {
      this.#remotePort = this.#value;
    } else {
      this.#tally.add(this.#localPort, this.#remotePort, this.#value);
      this.#skipLine = true;
    }
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  if (byte >= 65 && byte <= 70) return byte - 55;
  return byte >= 97 && byte <= 102 ? byte - 87 : -1;
}

/**
 * Counts every TCP socket of the namespace (of `pid`, or this process's own) by side of `port`, IPv4 and IPv6, by reading the whole
 * socket table: the kernel formats 150 bytes for each socket, so this is the slow way. Throws as `fs` does where there is no table.
 */
export function tallyProcNetTcp(port: number, pid?: number): PortTally {
  const tally = new PortTally(port);
  scanFile(`${netRoot(pid)}/tcp`, tally);
  try {
    scanFile(`${netRoot(pid)}/tcp6`, tally);
  } catch (error) {
    // A kernel without IPv6 has no such table, and no such sockets.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return tally;
}

const scanBuffer = Buffer.allocUnsafeSlow(1 << 16);

function scanFile(path: string, tally: PortTally): void {
  const fd = openSync(path, 'r');
  try {
    const scanner = new TcpTableScanner(tally);
    for (;;) {
      const count = readSync(fd, scanBuffer, 0, scanBuffer.length, null);
      if (count === 0) return;
      scanner.push(scanBuffer.subarray(0, count));
    }
  } finally {
    closeSync(fd);
  }
}
