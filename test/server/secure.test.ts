/** Server kind node over TLS: versions, resumption, failed handshakes, and every end of a connection as in clear text. */
import { connect } from 'node:net';
import { connect as connectTls, TLSSocket, type ConnectionOptions } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { createCertificates } from '../../src/lab/certificates.ts';
import type { ServerTlsConfig } from '../../src/scenario/config.ts';
import { startServer, type ServerHandle } from '../../src/server/child.ts';
import type { ServerReport } from '../../src/server/messages.ts';
import { closeRows, exchange } from './close-reason-rows.ts';
import { RawClient, request } from './raw-client.ts';
import { reportWhen } from './report-when.ts';
import { openSecure, plainTls, startSecure, testCertificates } from './secure-server.ts';
import { serverConfig } from './server-config.ts';

const running: ServerHandle[] = [];
const clients: RawClient[] = [];

async function start(tls: Partial<ServerTlsConfig> = {}, version?: '1.2' | '1.3'): Promise<ServerHandle> {
  const config = serverConfig('node', { tls: { ...plainTls, ...tls } });
  const server = await startSecure(config, version === undefined ? {} : { version });
  running.push(server);
  return server;
}

async function open(server: ServerHandle, options: ConnectionOptions = {}): Promise<RawClient> {
  const client = await openSecure(server.port, options);
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  for (const server of running.splice(0)) await server.kill();
});

function tlsOf({ socket }: RawClient): TLSSocket {
  if (!(socket instanceof TLSSocket)) throw new Error('no TLS here');
  return socket;
}

/** One exchange, and the session that the server leaves with the client; undefined where it leaves none. */
async function sessionOf(server: ServerHandle, session?: Buffer): Promise<Buffer | undefined> {
  const client = await open(server, session === undefined ? {} : { session });
  const socket = tlsOf(client);
  let left: Buffer | undefined;
  socket.on('session', (latest: Buffer) => {
    left = latest;
  });
  await exchange(client, request());
  const ofHandshake = socket.getSession();
  await client.close();
  return left ?? ofHandshake;
}

describe.each(['1.2', '1.3'] as const)('TLS %s', (version) => {
  test('is spoken, and no other version', async () => {
    const server = await start({}, version);
    const client = await open(server);
    expect(tlsOf(client).getProtocol()).toBe(`TLSv${version}`);
    expect(tlsOf(client).authorized).toBe(true);
    await exchange(client, request());
    await client.close();
    const other = version === '1.2' ? 'TLSv1.3' : 'TLSv1.2';
    await expect(open(server, { minVersion: other, maxVersion: other })).rejects.toThrow();
    const report = await server.stop(10_000);
    expect(report.tls).toEqual({ full: 1, resumed: 0, earlyData: 0, failed: 1 });
    expect(report).toMatchObject({ accepted: 2, executed: 1, refused: 0, open: 0 });
    expect(server.settings.tls).toEqual({
      minVersion: `TLSv${version}`,
      maxVersion: `TLSv${version}`,
      sessionTickets: true,
      earlyDataBytes: 0,
    });
  });

  test.each([true, false])('with tickets (%s): a session is resumed, or not', async (sessionTickets) => {
    const server = await start({ sessionTickets }, version);
    const session = await sessionOf(server);
    await sessionOf(server, session);
    const report = await server.stop(10_000);
    const resumed = sessionTickets ? 1 : 0;
    expect(report.tls).toEqual({ full: 2 - resumed, resumed, earlyData: 0, failed: 0 });
    expect(server.settings.tls?.sessionTickets).toBe(sessionTickets);
  });
});

describe('a handshake that never completes', () => {
  const ended = (reason: string, first: string): object => ({
    accepted: 1,
    executed: 0,
    refused: 0,
    open: 0,
    tls: { full: 0, resumed: 0, earlyData: 0, failed: 1 },
    closesByReason: { [reason]: 1 },
    firstCloser: { client: 0, server: 0, reset: 0, [first]: 1 },
    requestsPerConnection: { 0: 1 },
  });
  const rows = [
    {
      name: 'no TLS at all',
      act: (client: RawClient) => {
        client.send('GET / HTTP/1.1\r\n\r\n');
      },
      reason: 'error',
      first: 'server',
    },
    {
      name: 'closed',
      act: (client: RawClient) => {
        client.socket.end();
      },
      reason: 'clientFin',
      first: 'client',
    },
    {
      name: 'reset',
      act: (client: RawClient) => {
        client.reset();
      },
      reason: 'clientReset',
      first: 'reset',
    },
  ] as const;

  test.each(rows)('$name', async ({ act, reason, first }) => {
    const server = await start();
    const client = await RawClient.open(server.port);
    clients.push(client);
    await reportWhen(server, ({ accepted }) => accepted === 1);
    act(client);
    const report = await reportWhen(server, ({ open: left }) => left === 0);
    client.socket.end();
    expect(report).toMatchObject(ended(reason, first));
  });

  test('by a client that does not know the authority', async () => {
    const server = await start();
    // The server sends its own certificate and not the authority's: of a chain of one, Node goes on to its signature (node:tls, X509 codes).
    await expect(open(server, { ca: [] })).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    const report: ServerReport = await server.stop(10_000);
    // In TLS 1.3 the client may learn of the certificate, and end, before the server is done or after it.
    expect(report.tls!.failed + report.tls!.full).toBe(1);
    expect(report.accepted).toBe(1);
  });
});

describe('why a connection ended, over TLS', () => {
  const rows = closeRows.filter(({ kinds }) => kinds.includes('node'));
  test.each(rows)('$name', async ({ config, act, reason, first, executed, refused = 0 }) => {
    const server = await startSecure(serverConfig('node', { ...config, tls: plainTls }));
    running.push(server);
    const client = await open(server);
    await act(client, server);
    const report = await server.stop(10_000);
    expect(report).toMatchObject({ accepted: 1, executed, refused, turnedAway: 0, open: 0 });
    expect(report.tls).toMatchObject({ full: 1, failed: 0 });
    expect(report.closesByReason[reason]).toBe(1);
    // A client that says close_notify and closes at once may be overtaken by the server's FIN.
    if (first === 'client') expect(report.firstCloser.client + report.firstCloser.server).toBe(1);
    else expect(report.firstCloser).toEqual({ client: 0, server: 0, reset: 0, [first]: 1 });
    expect(report.requestsPerConnection).toEqual({ [executed]: 1 });
  });

  test('by a FIN without close_notify', async () => {
    const server = await start();
    const client = await open(server);
    await exchange(client, request());
    client.endBelow();
    const report = await reportWhen(server, ({ open: left }) => left === 0);
    expect(report.closesByReason.clientFin).toBe(1);
    expect(report.firstCloser).toEqual({ client: 1, server: 0, reset: 0 });
  });

  test('still open at the stop, one in its handshake', async () => {
    const server = await start();
    const idle = await open(server);
    await exchange(idle, request());
    const silent = connect({ host: '127.0.0.1', port: server.port });
    silent.on('error', () => undefined).resume();
    await reportWhen(server, ({ accepted }) => accepted === 2);
    const report = await server.stop(0);
    silent.destroy();
    expect(report).toMatchObject({
      accepted: 2,
      open: 0,
      tls: { full: 1, failed: 1 },
      closesByReason: { serverStop: 2 },
    });
    expect(report.firstCloser).toEqual({ client: 0, server: 2, reset: 0 });
  });
});

test('what cannot be had is refused by name', async () => {
  const { certPem, keyPem } = await testCertificates();
  const early = serverConfig('node', { tls: { ...plainTls, earlyDataBytes: 16_000 } });
  const options = { seed: 1, deadlineMs: 10_000 };
  await expect(startServer(early, { ...options, tls: { certPem, keyPem } })).rejects.toThrow(
    /earlyData needs server kind reference/,
  );
  await expect(startServer(serverConfig('node', { tls: plainTls }), options)).rejects.toThrow(/needs a certificate/);
  const h2 = serverConfig('reference', { http2: { maxConcurrentStreams: 100 } });
  await expect(startServer(h2, options)).rejects.toThrow(/h2 needs kind node/);
});

test('an RSA certificate is served', async () => {
  const { caPem, certPem, keyPem } = await createCertificates('rsa');
  const config = serverConfig('node', { tls: { ...plainTls, certificate: 'rsa' } });
  const server = await startServer(config, { seed: 1, deadlineMs: 10_000, tls: { certPem, keyPem } });
  running.push(server);
  const socket = connectTls({ host: '127.0.0.1', port: server.port, ca: caPem });
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve).once('error', reject);
  });
  expect(socket.getPeerCertificate().bits).toBe(2048);
  socket.destroy();
});
