import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  PortTally,
  TcpTableScanner,
  counterDeltas,
  netRoot,
  parseCounterTable,
  parseTxDropped,
  parseSockstat,
} from '../../src/kernel/proc-net.ts';

describe('parseSockstat', () => {
  const none = { socketsUsed: null, inUse: null, orphan: null, timeWait: null, alloc: null, memPages: null };
  it.each([
    [
      'a current kernel',
      'sockets: used 14\nTCP: inuse 1 orphan 2 tw 360 alloc 4 mem 271\nUDP: inuse 9 mem 8\nFRAG: inuse 0 memory 0\n',
      { socketsUsed: 14, inUse: 1, orphan: 2, timeWait: 360, alloc: 4, memPages: 271 },
    ],
    [
      'a kernel without mem',
      'sockets: used 14\nTCP: inuse 1 orphan 2 tw 3 alloc 4\n',
      { socketsUsed: 14, inUse: 1, orphan: 2, timeWait: 3, alloc: 4, memPages: null },
    ],
    ['new columns in between', 'TCP: inuse 1 new 99 tw 3\n', { ...none, inUse: 1, timeWait: 3 }],
    ['a name without a value', 'TCP: inuse 1 tw\n', { ...none, inUse: 1 }],
    ['a word for a value', 'TCP: inuse many tw 3\n', { ...none, timeWait: 3 }],
    ['nothing', '', none],
  ])('%s', (_name, text, parsed) => {
    expect(parseSockstat(text)).toEqual(parsed);
  });
});

describe('parseTxDropped', () => {
  // Two heads, then per device 8 figures of receiving and 8 of sending; the 4th of sending is `drop`.
  const heads =
    'Inter-|   Receive  |  Transmit\n face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop\n';
  it.each([
    ['no device', heads, 0],
    ['loopback alone', `${heads}    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n`, 0],
    ['one device', `${heads}  tun0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n`, 12],
    [
      'two, without a space',
      `${heads}tun0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n eth0: 0 0 0 0 0 0 0 0 0 0 0 5 0 0 0 0\n`,
      17,
    ],
  ])('%s', (_, text, dropped) => {
    expect(parseTxDropped(text)).toBe(dropped);
  });
});

describe('parseCounterTable', () => {
  const snmp =
    'Ip: Forwarding InReceives\nIp: 1 6440\nTcp: RtoMin MaxConn ActiveOpens\nTcp: 200 -1 66\nTcpX: A\nTcpX: 1\n';
  it.each([
    ['the table asked for and no other', snmp, 'Tcp', { RtoMin: 200, MaxConn: -1, ActiveOpens: 66 }],
    ['a value too few', 'TcpExt: TW Recycled\nTcpExt: 5\n', 'TcpExt', { TW: 5 }],
    ['a value too many', 'TcpExt: TW\nTcpExt: 5 6\n', 'TcpExt', { TW: 5 }],
    ['a value that is no number', 'TcpExt: TW TWKilled\nTcpExt: x 6\n', 'TcpExt', { TWKilled: 6 }],
    ['names without values', 'TcpExt: TW\n', 'TcpExt', {}],
    ['no such table', snmp, 'TcpExt', {}],
  ])('%s', (_name, text, prefix, parsed) => {
    expect(parseCounterTable(text, prefix)).toEqual(parsed);
  });
});

it('counterDeltas is null where either reading lacks the counter', () => {
  const deltas = counterDeltas(['a', 'b', 'c', 'gauge'], { a: 5, b: 1, gauge: 9 }, { a: 12, c: 3, gauge: 7 });
  expect(deltas).toEqual({ a: 7, b: null, c: null, gauge: -2 });
});

it('netRoot names the namespace of a process', () => {
  expect(netRoot()).toBe('/proc/net');
  expect(netRoot(42)).toBe('/proc/42/net');
});

describe('TcpTableScanner', () => {
  const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  const rest = ' 00000000:00000000 00:00000000 00000000     0        0 0 3 0000000000000000\n';
  // Port 1F90 is 8080. Server side: 2 in TIME_WAIT; client side: 1 in TIME_WAIT, 1 established; 1 TIME_WAIT of others; a listener.
  const table =
    header +
    `   0: 0100007F:1F90 00000000:0000 0A${rest}` +
    `   1: 0100007F:1F90 0100007F:D2C4 06${rest}` +
    `   2: 0100007F:1F90 0100007F:D2C5 06${rest}` +
    `   3: 0100007F:C001 0100007F:1F90 06${rest}` +
    ` 104: 0100007F:C002 0100007F:1F90 01${rest}` +
    `   5: 0100007F:C003 0100007F:1F91 06${rest}`;
  const table6 = `${header}   0: 00000000000000000000000001000000:1f90 0000000000000000FFFF00000100007F:D2C6 06${rest}`;

  function scan(...parts: readonly string[]): PortTally {
    const tally = new PortTally(8080);
    const scanner = new TcpTableScanner(tally);
    for (const part of parts) scanner.push(Buffer.from(part));
    return tally;
  }

  it('counts by side and state', () => {
    const tally = scan(table);
    expect(tally.in('timeWait')).toEqual({ client: 1, server: 2, other: 1 });
    expect(tally.in('established')).toEqual({ client: 1, server: 0, other: 0 });
    expect(tally.in('listen')).toEqual({ client: 0, server: 1, other: 0 });
    expect(tally.in('closeWait')).toEqual({ client: 0, server: 0, other: 0 });
  });

  it('reads IPv6 addresses, in either case', () => {
    expect(scan(table6).in('timeWait')).toEqual({ client: 0, server: 1, other: 0 });
  });

  it.each([
    ['no state', '   0: 0100007F:1F90 0100007F:D2C4\n'],
    ['no port', '   0: 0100007F 0100007F:D2C4 06 0\n'],
    ['a state that is no number', '   0: 0100007F:1F90 0100007F:D2C4 zz 0\n'],
    ['a state of a kernel to come', '   0: 0100007F:1F90 0100007F:D2C4 7F 0\n'],
    ['blank lines', '\n   \n'],
  ])('passes over a line with %s and goes on', (_name, line) => {
    expect(scan(header, line, table).in('timeWait')).toEqual({ client: 1, server: 2, other: 1 });
  });

  it('does not count a line cut off within its state', () => {
    expect(scan(`${header}   0: 0100007F:1F90 0100007F:D2C4 0`).in('timeWait')).toEqual({
      client: 0,
      server: 0,
      other: 0,
    });
  });

  it('gives the same counts however the table is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(table.length), { maxLength: 30 }), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), table.length];
        const parts = at.slice(1).map((end, index) => table.slice(at[index], end));
        expect(scan(...parts).in('timeWait')).toEqual({ client: 1, server: 2, other: 1 });
      }),
    );
  });

  it('counts what a generated table says', () => {
    const socket = fc.record({
      local: fc.constantFrom(8080, 1, 65535, 50_000),
      remote: fc.constantFrom(8080, 2, 65535, 50_001),
      state: fc.constantFrom(1, 6),
    });
    const hex = (value: number, width: number): string => value.toString(16).toUpperCase().padStart(width, '0');
    fc.assert(
      fc.property(fc.array(socket, { maxLength: 50 }), (sockets) => {
        const lines = sockets.map(
          (one, index) =>
            `${String(index).padStart(4)}: 0100007F:${hex(one.local, 4)} 0100007F:${hex(one.remote, 4)} ${hex(one.state, 2)}${rest}`,
        );
        const waiting = sockets.filter((one) => one.state === 6);
        const server = waiting.filter((one) => one.local === 8080).length;
        const client = waiting.filter((one) => one.local !== 8080 && one.remote === 8080).length;
        const counts = scan(header, ...lines).in('timeWait');
        expect(counts).toEqual({ client, server, other: waiting.length - client - server });
      }),
    );
  });
});
