/** The reference server over TLS with Node's own clients: what it answers, what it counts, and how connections end. */
import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loadOpenSsl } from '../../src/kernel/openssl.ts';
import { type Certificates, createCertificates } from '../../src/lab/certificates.ts';
import type { ServerTlsConfig } from '../../src/scenario/config.ts';
import { startServer, type ServerHandle } from '../../src/server/child.ts';
import { RawClient } from './raw-client.ts';
import { reportWhen } from './report-when.ts';
import { serverConfig, type ServerConfigChanges } from './server-config.ts';

const openssl = loadOpenSsl();
const servers: ServerHandle[] = [];
const agents: Agent[] = [];
let certificates: Certificates;

beforeAll(async () => {
  certificates = await createCertificates('ecdsa');
});

afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy();
  for (const server of servers.splice(0)) await server.kill();
});

const tickets: ServerTlsConfig = { sessionTickets: true, earlyDataBytes: 0, certificate: 'ecdsa' };

async function start(tls: Partial<ServerTlsConfig> = {}, changes: ServerConfigChanges = {}): Promise<ServerHandle> {
  const { certPem, keyPem } = certificates;
  const config = serverConfig('reference', { ...changes, tls: { ...tickets, ...tls } });
  const server = await startServer(config, { seed: 1, deadlineMs: 10_000, tls: { certPem, keyPem } });
  servers.push(server);
  return server;
}

function agentOf(options: ConstructorParameters<typeof Agent>[0]): Agent {
  const agent = new Agent({ ca: certificates.caPem, ...options });
  agents.push(agent);
  return agent;
}

/** Asks once, and gives the body. */
async function ask(server: ServerHandle, agent: Agent, body = ''): Promise<string> {
  const method = body === '' ? 'GET' : 'POST';
  const asked = httpsRequest({ host: '127.0.0.1', port: server.port, agent, method });
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
}

async function opened(server: ServerHandle): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: server.port, ca: certificates.caPem });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

/** Asks for one answer and lets the server close: Node's Agent would close as soon as it has the answer. Gives the newest session. */
async function askAndAwaitEnd(server: ServerHandle, session: Buffer | undefined): Promise<Buffer | undefined> {
  let newest: Buffer | undefined;
  let text = '';
  const socket = connect({ host: '127.0.0.1', port: server.port, ca: certificates.caPem, session });
  socket.on('session', (given: Buffer) => (newest = given));
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await once(socket, 'close');
  expect(text).toMatch(/^HTTP\/1\.1 200 .*xxxxx$/s);
  return newest;
}

describe.skipIf(!openssl.ok)('server kind reference over TLS', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('%s: answers on a kept connection', async (maxVersion) => {
    const server = await start();
    const agent = agentOf({ keepAlive: true, maxSockets: 1, maxVersion });
    for (let count = 0; count < 5; count++) expect(await ask(server, agent, 'x'.repeat(count * 20_000))).toBe('xxxxx');
    expect(await server.snapshot()).toMatchObject({
      accepted: 1,
      executed: 5,
      tls: { full: 1, resumed: 0, earlyData: 0, failed: 0 },
    });
  });

  test.each([
    [true, { full: 1, resumed: 4 }],
    [false, { full: 5, resumed: 0 }],
  ])('session tickets %s: %o of five connections', async (sessionTickets, expected) => {
    const server = await start({ sessionTickets });
    let session: Buffer | undefined;
    for (let count = 0; count < 5; count++) session = (await askAndAwaitEnd(server, session)) ?? session;
    const report = await server.stop(5_000);
    expect(report.tls).toEqual({ ...expected, earlyData: 0, failed: 0 });
    expect(report.firstCloser).toEqual({ client: 0, server: 5, reset: 0 });
  });

  test('says what it is set to', async () => {
    const { settings } = await start({ sessionTickets: false, earlyDataBytes: 1024 });
    expect(settings.tls).toEqual({
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      sessionTickets: false,
      earlyDataBytes: 1024,
    });
  });

  test('sends a large body to a slow reader', async () => {
    const server = await start({}, { response: { sizeBytes: 8_000_000 } });
    const socket = await opened(server);
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await reportWhen(server, ({ executed }) => executed === 1);
    let received = 0;
    socket.on('data', (chunk: Buffer) => (received += chunk.length)).resume();
    await once(socket, 'end');
    expect(received).toBeGreaterThan(8_000_000);
  });

  test('a client that closes first is the first closer, and is not reset', async () => {
    const server = await start();
    const socket = await opened(server);
    socket.end();
    await once(socket, 'close');
    const report = await reportWhen(server, ({ open }) => open === 0);
    expect(report).toMatchObject({
      closesByReason: { clientFin: 1 },
      firstCloser: { client: 1, server: 0, reset: 0 },
      tls: { full: 1, failed: 0 },
    });
  });

  test('a client that does not speak TLS, and one that leaves in the handshake, are failed handshakes', async () => {
    const server = await start();
    const plain = await RawClient.open(server.port);
    plain.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await plain.ended;
    plain.socket.destroy();
    const silent = await RawClient.open(server.port);
    silent.socket.end();
    await silent.ended;
    const report = await reportWhen(server, ({ open }) => open === 0);
    expect(report).toMatchObject({
      accepted: 2,
      executed: 0,
      closesByReason: { error: 1, clientFin: 1 },
      tls: { full: 0, resumed: 0, failed: 2 },
    });
  });

  test('needs a certificate, and one that its key fits', async () => {
    const config = serverConfig('reference', { tls: tickets });
    const options = { seed: 1, deadlineMs: 10_000 };
    await expect(startServer(config, options)).rejects.toThrow('needs a certificate and its key');
    const other = await createCertificates('ecdsa');
    const tls = { certPem: certificates.certPem, keyPem: other.keyPem };
    await expect(startServer(config, { ...options, tls })).rejects.toThrow('no private key, or not the certificate');
  });
});
