/** The decision of a fault: shares, order and bytes of every variant; then every fault on real sockets, with and without TLS. */
import { afterEach, describe, expect, test } from 'vitest';
import { Random } from '../../src/load/random.ts';
import { faultNames, type FaultConfig } from '../../src/scenario/config.ts';
import type { ServerHandle } from '../../src/server/child.ts';
import { FaultDraw, faultyResponse } from '../../src/server/faults.ts';
import { faultRows } from './fault-bytes.ts';
import { RawClient, request } from './raw-client.ts';
import { openSecure, plainTls, startSecure } from './secure-server.ts';
import { kinds, serverConfig } from './server-config.ts';

const decode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const shape = {
  status: 200,
  bodyBytes: 8,
  framing: 'length',
  connection: 'keep-alive',
  keepAliveTimeoutSeconds: 60,
  keepAliveMax: null,
  versionMinor: 1,
} as const;

describe('the draw', () => {
  test('gives each fault of the list its share, and the rest to none', () => {
    const units = [0, 0.0999, 0.1, 0.2999, 0.3, 0.9999];
    const random = { nextUnit: () => units.shift()! } as unknown as Random;
    const draw = new FaultDraw(
      [
        { fault: 'stall', probability: 0.1 },
        { fault: 'no-length', probability: 0.2 },
      ],
      random,
    );
    // [0, 0.1) is the first, [0.1, 0.1 + 0.2) the second; 0.1 + 0.2 is a little more than 0.3.
    expect(Array.from({ length: 6 }, () => draw.next())).toEqual([0, 0, 1, 1, 1, -1]);
  });

  test('of probability 1 and 0 is certain', () => {
    const always = new FaultDraw([{ fault: 'stall', probability: 1 }], new Random(3));
    const never = new FaultDraw([{ fault: 'stall', probability: 0 }], new Random(3));
    for (let draws = 0; draws < 1000; draws++) expect([always.next(), never.next()]).toEqual([0, -1]);
  });
});

describe('the response', () => {
  test.each(faultRows)('$config.fault', ({ config, bytes }) => {
    expect(decode(faultyResponse({ ...config, probability: 1 }, shape)!.bytes)).toBe(bytes);
  });

  test('every fault has a row', () => {
    expect(faultRows.map(({ config }) => config.fault)).toEqual([...faultNames]);
  });

  test('to HEAD has no body, and half of it is half of its head', () => {
    const bytes = (fault: FaultConfig['fault']): string | null => {
      const response = faultyResponse({ fault, probability: 1, durationMs: 1000 }, { ...shape, headRequest: true });
      return response === null ? null : decode(response.bytes);
    };
    const head = decode(
      faultyResponse({ fault: 'reset-after', probability: 1 }, { ...shape, headRequest: true })!.bytes,
    );
    expect(head.endsWith('\r\n\r\n')).toBe(true);
    expect(bytes('stall')).toBe(head.slice(0, Math.floor(head.length / 2)));
    expect(bytes('wrong-length')).toBe(head.replace('Length: 8', 'Length: 9'));
    expect(bytes('length-and-chunked')).toBe(
      head.replace('Length: 8\r\n', 'Length: 8\r\nTransfer-Encoding: chunked\r\n'),
    );
    expect(bytes('slow-drip')).toBeNull();
  });

  test('of a last response says what the fault needs: close-unsaid keep-alive, a hint nothing', () => {
    const last = { ...shape, connection: 'close' } as const;
    const head = (fault: FaultConfig['fault']): string =>
      decode(faultyResponse({ fault, probability: 1 }, last)!.bytes).split('\r\n\r\n')[0]!;
    expect(head('close-unsaid')).toMatch(/^Connection: keep-alive$/m);
    expect(head('no-length')).toMatch(/^Connection: keep-alive$/m);
    expect(head('reset-after')).toMatch(/^Connection: close$/m);
    expect(faultyResponse({ fault: 'hint-lies', probability: 1, durationMs: 9000 }, last)).toBeNull();
  });

  test('in chunks and to HTTP/1.0', () => {
    const chunked = { ...shape, framing: 'chunked' } as const;
    const half = decode(faultyResponse({ fault: 'stall', probability: 1 }, chunked)!.bytes);
    // 8 CRLF, 8 octets, CRLF 0 CRLF CRLF: 18 octets of which 9 are sent.
    expect(half.split('\r\n\r\n')[1]).toBe('8\r\nxxxxxx');
    const old = { ...shape, versionMinor: 0 } as const;
    expect(decode(faultyResponse({ fault: 'length-and-chunked', probability: 1 }, old)!.bytes)).toMatch(
      /^HTTP\/1\.0 [^]*\r\n\r\n8\r\nxxxxxxxx\r\n0\r\n\r\n$/,
    );
  });
});

const running: ServerHandle[] = [];
const clients: RawClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  for (const server of running.splice(0)) await server.kill();
});

const ways = [
  { way: 'plain', secure: false },
  { way: 'TLS', secure: true },
] as const;
const cases = kinds.flatMap((kind) =>
  ways.flatMap(({ way, secure }) =>
    faultRows.map((row) => ({ ...row, kind, secure, title: `${kind} ${way}: ${row.config.fault}` })),
  ),
);

describe('on the wire', () => {
  test.each(cases)('$title', async ({ kind, secure, config, bytes, then, goesOn, reason, first }) => {
    const server = await startSecure(
      serverConfig(kind, {
        keepAliveTimeoutMs: 60_000,
        response: { sizeBytes: 8 },
        faults: [{ ...config, probability: 1 }],
        ...(secure ? { tls: plainTls } : {}),
      }),
    );
    running.push(server);
    const client = secure ? await openSecure(server.port) : await RawClient.open(server.port);
    clients.push(client);
    client.send(request());
    await client.received(bytes);
    if (then === 'nothing') {
      client.send(request());
      if (goesOn) await client.received(bytes + bytes);
      client.socket.end();
      await client.ended;
    } else {
      expect(await client.ended).toBe(then);
      client.socket.end();
    }
    expect(client.rest).toBe(goesOn ? bytes + bytes : bytes);
    const executed = goesOn ? 2 : 1;
    const report = await server.stop(10_000);
    expect(report).toMatchObject({ accepted: 1, executed, refused: 0, open: 0, faults: { [config.fault]: executed } });
    expect(report.closesByReason[reason]).toBe(1);
    expect(report.firstCloser).toEqual({ client: 0, server: 0, reset: 0, [first]: 1 });
    expect(report.requestsPerConnection).toEqual({ [executed]: 1 });
    if (secure) expect(report.tls).toEqual({ full: 1, resumed: 0, earlyData: 0, failed: 0 });
  });

  test.each(kinds)('%s: half of the requests meet a fault, by seed, and the others are whole', async (kind) => {
    const faulted = async (seed: number): Promise<number> => {
      const config = serverConfig(kind, { faults: [{ fault: 'no-length', probability: 0.5 }] });
      const server = await startSecure(config, { seed });
      running.push(server);
      for (let sent = 0; sent < 20; sent++) {
        const client = await RawClient.open(server.port);
        clients.push(client);
        client.send(request());
        await client.received('\r\n\r\nxxxxx');
        await client.close();
      }
      const report = await server.stop(10_000);
      expect(report.executed).toBe(20);
      return report.faults!['no-length']!;
    };
    const once = await faulted(5);
    // 20 draws of 1/2: all or none of them with a chance of 2 in a million.
    expect(once).toBeGreaterThan(0);
    expect(once).toBeLessThan(20);
    expect(await faulted(5)).toBe(once);
  });
});

test.each(kinds)('%s: the kinds draw alike, and what follows a broken response is not executed', async (kind) => {
  const config = serverConfig(kind, { faults: [{ fault: 'stall', probability: 1 }] });
  const server = await startSecure(config);
  running.push(server);
  const client = await RawClient.open(server.port);
  clients.push(client);
  client.send(request());
  await client.received('xx');
  client.send(request());
  await client.close();
  expect(await server.stop(10_000)).toMatchObject({ executed: 1, refused: 0, faults: { stall: 1 } });
});
