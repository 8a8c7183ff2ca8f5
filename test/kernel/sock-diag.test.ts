import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { loadNative } from '../../src/kernel/native.ts';
import { PortTally, tallyProcNetTcp } from '../../src/kernel/proc-net.ts';
import { SockDiag, portFilterAttribute, readReplies } from '../../src/kernel/sock-diag.ts';
import { kernelDelta, readKernelCounters } from '../../src/samplers/kernel-counters.ts';
import type { KernelCounters } from '../../src/samplers/messages.ts';
import { makeClosedConnections, type ClosedConnections } from '../samplers/closed-connections.ts';

const native = loadNative();
const clientFirst = 23;
const serverFirst = 17;

/** The lines of `ss` for TIME_WAIT sockets with this local (`sport`) or remote (`dport`) port. */
function countBySs(side: 'sport' | 'dport', port: number): number {
  const { stdout, status } = spawnSync('ss', ['-Htan', 'state', 'time-wait', `${side} = :${port}`], {
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  return stdout.split('\n').filter((line) => line !== '').length;
}

function skipWithoutSs({ skip }: TestContext): void {
  skip(spawnSync('ss', ['-V']).status !== 0, 'ss (iproute2) is not installed');
}

function openDiag(): SockDiag {
  const opened = SockDiag.open();
  if (!opened.ok) throw new Error(opened.reason);
  return opened.diag;
}

function counters(): KernelCounters {
  const read = readKernelCounters();
  if ('missing' in read) throw new Error(read.missing);
  return read;
}

describe.skipIf(!native.ok)(`TIME_WAIT by side${native.ok ? '' : ` (skipped: ${native.reason})`}`, () => {
  let connections: ClosedConnections;
  let before: KernelCounters;
  let after: KernelCounters;
  beforeAll(async () => {
    before = counters();
    connections = await makeClosedConnections(clientFirst, serverFirst);
    after = counters();
  });
  afterAll(() => connections.stop());

  it.each([true, false])('over sock_diag, filter in the kernel: %s', (filter) => {
    const diag = openDiag();
    const result = diag.count(connections.port, ['timeWait'], filter);
    diag.close();
    if (!result.ok) throw new Error(result.reason);
    expect(result.value.filtered).toBe(filter);
    expect(result.value.tally.in('timeWait')).toMatchObject({ client: clientFirst, server: serverFirst });
    expect(result.value.costNs).toBeGreaterThan(0);
  });

  it('says how many others there are only where they were looked at', () => {
    const diag = openDiag();
    const filtered = diag.timeWait(connections.port);
    const whole = diag.timeWait(1, false);
    diag.close();
    if (!filtered.ok || !whole.ok) throw new Error('sock_diag failed');
    expect(filtered.value).not.toHaveProperty('otherTimeWait');
    expect(filtered.value).toMatchObject({ client: clientFirst, server: serverFirst });
    expect(whole.value.otherTimeWait).toBeGreaterThanOrEqual(clientFirst + serverFirst);
  });

  it('in other states, too', () => {
    const diag = openDiag();
    const result = diag.count(connections.port, ['listen', 'established']);
    diag.close();
    if (!result.ok) throw new Error(result.reason);
    expect(result.value.tally.in('listen')).toEqual({ client: 0, server: 1, other: 0 });
    expect(result.value.tally.in('established')).toEqual({ client: 0, server: 0, other: 0 });
    expect(result.value.tally.in('timeWait')).toEqual({ client: 0, server: 0, other: 0 });
  });

  it('from /proc/net/tcp', () => {
    const tally = tallyProcNetTcp(connections.port);
    expect(tally.in('timeWait')).toMatchObject({ client: clientFirst, server: serverFirst });
    expect(tally.in('listen')).toMatchObject({ client: 0, server: 1 });
    expect(tallyProcNetTcp(connections.port, process.pid).in('timeWait')).toMatchObject({
      client: clientFirst,
      server: serverFirst,
    });
  });

  it('as ss counts', (context) => {
    skipWithoutSs(context);
    expect(countBySs('dport', connections.port)).toBe(clientFirst);
    expect(countBySs('sport', connections.port)).toBe(serverFirst);
  });

  it('as the counters of the namespace say, in which others may count too', () => {
    const delta = kernelDelta(before, after);
    expect(delta.TW).toBeGreaterThanOrEqual(clientFirst + serverFirst);
    expect(delta.ActiveOpens).toBeGreaterThanOrEqual(clientFirst + serverFirst);
    expect(delta.PassiveOpens).toBeGreaterThanOrEqual(clientFirst + serverFirst);
  });

  it('closes its descriptor, and may be closed twice', () => {
    const open = readdirSync('/proc/self/fd').length;
    const diag = openDiag();
    expect(readdirSync('/proc/self/fd').length).toBe(open + 1);
    diag.close();
    diag.close();
    expect(readdirSync('/proc/self/fd').length).toBe(open);
  });
});

describe.skipIf(!native.ok)('a dual-stack listener', () => {
  it('holds its TIME_WAIT as IPv6 sockets, which count with the others', async (context) => {
    let connections: ClosedConnections;
    try {
      connections = await makeClosedConnections(3, 5, '::', '127.0.0.1');
    } catch (error) {
      context.skip(`no IPv6 here: ${(error as Error).message}`);
      return;
    }
    const diag = openDiag();
    const result = diag.timeWait(connections.port);
    diag.close();
    await connections.stop();
    if (!result.ok) throw new Error(result.reason);
    expect(result.value).toMatchObject({ client: 3, server: 5 });
    expect(tallyProcNetTcp(connections.port).in('timeWait')).toMatchObject({ client: 3, server: 5 });
  });
});

describe('readReplies', () => {
  interface Message {
    readonly type: number;
    readonly flags?: number;
    readonly sequence?: number;
    readonly payload?: readonly number[];
    readonly claimedBytes?: number;
  }

  /** One datagram of netlink messages: header `u32 length, u16 type, u16 flags, u32 sequence, u32 pid`, payload padded to 4 bytes. */
  function datagram(messages: readonly Message[]): DataView {
    const parts = messages.map(({ type, flags = 2, sequence = 7, payload = [], claimedBytes }) => {
      const bytes = Buffer.alloc(16 + Math.ceil(payload.length / 4) * 4);
      bytes.writeUInt32LE(claimedBytes ?? 16 + payload.length, 0);
      bytes.writeUInt16LE(type, 4);
      bytes.writeUInt16LE(flags, 6);
      bytes.writeUInt32LE(sequence, 8);
      bytes.set(payload, 16);
      return bytes;
    });
    const whole = new Uint8Array(Buffer.concat(parts));
    return new DataView(whole.buffer);
  }

  /** inet_diag_msg, 72 bytes: family 2, state 6, local port 8080 (1F90), remote port 50001 (C351), big endian. */
  const waiting = [2, 6, 0, 0, 0x1f, 0x90, 0xc3, 0x51, ...new Array<number>(64).fill(0)];
  const socket: Message = { type: 20, payload: waiting };
  const done: Message = { type: 3, payload: [0, 0, 0, 0] };

  it.each([
    ['sockets and more to come', [socket, socket], { end: null, interrupted: false }, 2],
    ['sockets and the end', [socket, done], { end: 0, interrupted: false }, 1],
    ['an end without a status', [socket, { type: 3 }], { end: 0, interrupted: false }, 1],
    [
      'an end with a status of -105',
      [{ type: 3, payload: [0x97, 0xff, 0xff, 0xff] }],
      { end: 105, interrupted: false },
      0,
    ],
    ['an error of -2', [{ type: 2, payload: [0xfe, 0xff, 0xff, 0xff] }], { end: 2, interrupted: false }, 0],
    ['a table that changed', [{ ...socket, flags: 0x12 }, done], { end: 0, interrupted: true }, 1],
    [
      'messages of another dump',
      [{ ...socket, sequence: 6 }, { ...done, sequence: 6 }, socket],
      { end: null, interrupted: false },
      1,
    ],
    ['a message of another type', [{ type: 1 }, socket], { end: null, interrupted: false }, 1],
    ['a socket too short', [{ type: 20, payload: waiting.slice(0, 40) }, done], { end: 0, interrupted: false }, 0],
    ['a length beyond the datagram', [{ ...socket, claimedBytes: 400 }], { end: 71, interrupted: false }, 0],
    ['a length of nothing', [{ ...socket, claimedBytes: 0 }], { end: 71, interrupted: false }, 0],
  ])('%s', (_name, messages, expected, counted) => {
    const tally = new PortTally(8080);
    const view = datagram(messages);
    expect(readReplies(view, view.byteLength, 7, tally)).toEqual(expected);
    expect(tally.in('timeWait')).toEqual({ client: 0, server: counted, other: 0 });
  });

  it('reads no further than what was received', () => {
    const tally = new PortTally(8080);
    expect(readReplies(datagram([socket, socket]), 88, 7, tally)).toEqual({ end: null, interrupted: false });
    expect(tally.in('timeWait').server).toBe(1);
  });
});

/** The kernel's interpreter (inet_diag_bc_run): a program accepts when the jumps end exactly at its end. */
function accepts(attribute: Uint8Array, localPort: number, remotePort: number): boolean {
  const view = new DataView(attribute.buffer, 4);
  let at = 0;
  while (at < view.byteLength) {
    const port = at + 8 <= view.byteLength ? view.getUint16(at + 6, true) : 0;
    const holds = [false, false, localPort >= port, localPort <= port, remotePort >= port, remotePort <= port];
    at += holds[view.getUint8(at)] === true ? view.getUint8(at + 1) : view.getUint16(at + 2, true);
  }
  return at === view.byteLength;
}

describe('portFilterAttribute', () => {
  it.each([
    [8080, 50_000, true],
    [50_000, 8080, true],
    [8080, 8080, true],
    [8079, 8081, false],
    [8081, 8079, false],
    [0, 65_535, false],
  ])('local %i, remote %i: %s', (localPort, remotePort, accepted) => {
    expect(accepts(portFilterAttribute(8080), localPort, remotePort)).toBe(accepted);
  });
});
