/** Server kind node over HTTP/2, with TLS and in clear text: streams are requests, sessions are connections, and each is counted once. */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { afterEach, describe, expect, test } from 'vitest';
import { startServer, type ServerHandle } from '../../src/server/child.ts';
import { reportWhen } from './report-when.ts';
import { plainTls, startSecure, testCertificates } from './secure-server.ts';
import { serverConfig, type ServerConfigChanges } from './server-config.ts';

const running: ServerHandle[] = [];
const sessions: ClientHttp2Session[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of running.splice(0)) await server.kill();
});

interface Answer {
  readonly headers: IncomingHttpHeaders | null;
  readonly body: string;
  /** Null where the stream ended in order. */
  readonly code: string | null;
}

/** Sends one request and waits until its stream is over. */
function ask(session: ClientHttp2Session, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  return new Promise((resolve) => {
    const stream = session.request({ ':path': '/', ...headers }, { endStream: body === undefined });
    let received: IncomingHttpHeaders | null = null;
    let text = '';
    let code: string | null = null;
    stream.on('response', (response) => {
      received = response;
    });
    stream.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    stream.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code ?? error.message;
    });
    stream.on('close', () => {
      resolve({ headers: received, body: text, code });
    });
    if (body !== undefined) stream.end(body);
  });
}

describe.each([
  { way: 'h2', tls: { tls: plainTls } },
  { way: 'h2c', tls: {} },
])('$way', ({ way, tls }) => {
  async function start(changes: ServerConfigChanges = {}): Promise<ServerHandle> {
    const config = serverConfig('node', { http2: { maxConcurrentStreams: 7 }, ...tls, ...changes });
    const server = await startSecure(config, { countDuplicates: true });
    running.push(server);
    return server;
  }

  async function open(server: ServerHandle): Promise<ClientHttp2Session> {
    const { caPem } = await testCertificates();
    const session = connect(`${way === 'h2' ? 'https' : 'http'}://127.0.0.1:${server.port}`, { ca: caPem });
    session.on('error', () => undefined);
    sessions.push(session);
    await new Promise<void>((resolve, reject) => {
      session.once('remoteSettings', () => {
        resolve();
      });
      session.once('error', reject);
    });
    return session;
  }

  const closed = (session: ClientHttp2Session): Promise<void> =>
    new Promise((resolve) => {
      if (session.destroyed) resolve();
      else
        session.once('close', () => {
          resolve();
        });
    });

  test('many requests of every method are counted, on one connection', async () => {
    const server = await start();
    const session = await open(server);
    expect(session.remoteSettings.maxConcurrentStreams).toBe(7);
    const answers = await Promise.all([
      ask(session),
      ask(session, { ':method': 'HEAD' }),
      ask(session, { ':method': 'POST' }, 'body'),
      ask(session, { ':method': 'DELETE' }),
    ]);
    expect(answers.map(({ body, code }) => [body, code])).toEqual([
      ['xxxxx', null],
      ['', null],
      ['xxxxx', null],
      ['xxxxx', null],
    ]);
    expect(answers.map(({ headers }) => headers?.['content-length'])).toEqual(['5', '5', '5', '5']);
    session.close();
    await closed(session);
    const report = await server.stop(10_000);
    expect(report).toMatchObject({ accepted: 1, executed: 4, refused: 0, open: 0 });
    expect(report.requestsPerConnection).toEqual({ 4: 1 });
    expect(report.closesByReason.clientFin).toBe(1);
    expect(report.tls).toEqual(way === 'h2' ? { full: 1, resumed: 0, earlyData: 0, failed: 0 } : undefined);
  });

  test('settings are read back, and never means Infinity', async () => {
    const { settings } = await start();
    expect(settings).toMatchObject({
      maxConcurrentStreams: 7,
      keepAliveTimeoutMs: Infinity,
      keepAliveTimeoutBufferMs: 0,
      headersTimeoutMs: null,
      requestTimeoutMs: null,
      noDelay: true,
    });
  });

  test('an idle session is ended by the server, not one with a slow answer', async () => {
    const response = { delay: { distribution: 'constant', valueMs: 300 } } as const;
    const server = await start({ keepAliveTimeoutMs: 60, response });
    const session = await open(server);
    expect(await ask(session)).toMatchObject({ body: 'xxxxx', code: null });
    await closed(session);
    const report = await server.stop(10_000);
    expect(report).toMatchObject({ executed: 1, open: 0, firstCloser: { client: 0, server: 1, reset: 0 } });
    expect(report.closesByReason.idleTimeout).toBe(1);
  });

  test('still open at the stop', async () => {
    const server = await start();
    const session = await open(server);
    await ask(session);
    const report = await server.stop(0);
    expect(report).toMatchObject({ executed: 1, open: 0, firstCloser: { client: 0, server: 1, reset: 0 } });
    expect(report.closesByReason.serverStop).toBe(1);
  });

  test('the same request executed again is a duplicate', async () => {
    const server = await start();
    const session = await open(server);
    for (const number of ['0001000000000000', '0001000000000001', '0001000000000000', '0002000000000000', 'nonsense']) {
      await ask(session, { 'connbench-request': number });
    }
    expect(await server.stop(0)).toMatchObject({ executed: 5, duplicates: 1 });
  });

  const faults = [
    { fault: 'close-without-answer', headers: false, body: '', ends: true, reason: 'fault', first: 'server' },
    { fault: 'reset-before', headers: false, body: '', ends: true, reason: 'fault', first: 'reset' },
    { fault: 'reset-during', headers: true, body: 'xxxx', ends: true, reason: 'fault', first: 'reset' },
    { fault: 'reset-after', headers: true, body: 'xxxxxxxx', ends: true, reason: 'fault', first: 'reset' },
    { fault: 'slow-drip', headers: true, body: 'xxxxxxxx', ends: false, reason: 'clientFin', first: null },
    { fault: 'close-unsaid', headers: true, body: 'xxxxxxxx', ends: true, reason: 'fault', first: 'server' },
  ] as const;
  test.each(faults)('$fault', async ({ fault, headers, body, ends, reason, first }) => {
    const server = await start({
      response: { sizeBytes: 8 },
      faults: [{ fault, probability: 1, ...(fault === 'slow-drip' ? { durationMs: 40 } : {}) }],
    });
    const session = await open(server);
    const answer = await ask(session);
    expect(answer.headers !== null).toBe(headers);
    expect(answer.body).toBe(body);
    if (!ends) session.close();
    await closed(session);
    const report = await server.stop(10_000);
    expect(report).toMatchObject({ accepted: 1, executed: 1, open: 0, faults: { [fault]: 1 } });
    expect(report.closesByReason[reason]).toBe(1);
    if (first !== null) expect(report.firstCloser[first]).toBe(1);
  });

  test('wrong-length is an error of its stream only', async () => {
    const server = await start({ faults: [{ fault: 'wrong-length', probability: 1 }] });
    const session = await open(server);
    const answer = await ask(session);
    // RFC 9113 section 8.1.1: such a response is malformed, a stream error of type PROTOCOL_ERROR.
    expect(answer.code).toBe('ERR_HTTP2_STREAM_ERROR');
    expect(session.destroyed).toBe(false);
  });

  test('stall leaves half of the body and an open stream', async () => {
    const server = await start({ response: { sizeBytes: 8 }, faults: [{ fault: 'stall', probability: 1 }] });
    const session = await open(server);
    const stream = session.request({ ':path': '/' });
    let text = '';
    await new Promise<void>((resolve) => {
      stream.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
        if (text.length === 4) resolve();
      });
    });
    expect(text).toBe('xxxx');
    expect(stream.closed).toBe(false);
    session.destroy();
    expect(await server.stop(10_000)).toMatchObject({ executed: 1, open: 0, faults: { stall: 1 } });
  });
});

test('h2c: what is not HTTP/2 ends its connection', async () => {
  const config = serverConfig('node', { http2: { maxConcurrentStreams: 7 } });
  const server = await startServer(config, { seed: 1, deadlineMs: 10_000 });
  running.push(server);
  const socket = connectTcp({ host: '127.0.0.1', port: server.port });
  sockets.push(socket);
  socket.on('error', () => undefined).resume();
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const report = await reportWhen(server, ({ accepted, open }) => accepted === 1 && open === 0);
  expect(report).toMatchObject({ executed: 0, firstCloser: { client: 0, server: 1, reset: 0 } });
});

test.each([
  [{ maxRequestsPerSocket: 3 }, /maxRequestsPerSocket/],
  [{ headersTimeoutMs: 3000 }, /headersTimeout/],
  [{ requestTimeoutMs: 3000 }, /requestTimeout/],
  [{ faults: [{ fault: 'no-length', probability: 1 }] }, /the fault no-length/],
] as const)('%o is refused by name', async (changes, message) => {
  const config = serverConfig('node', { http2: { maxConcurrentStreams: 7 }, ...changes });
  await expect(startServer(config, { seed: 1, deadlineMs: 10_000 })).rejects.toThrow(message);
});
