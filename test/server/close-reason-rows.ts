/** The ways a connection can end, with what the server must say of each. */
import { expect } from 'vitest';
import type { BundledServerConfig } from '../../src/scenario/config.ts';
import type { ServerHandle } from '../../src/server/child.ts';
import type { FirstCloser } from '../../src/server/connection-ledger.ts';
import type { CloseReason } from '../../src/server/messages.ts';
import { type RawClient, request } from './raw-client.ts';
import { reportWhen } from './report-when.ts';
import type { ServerConfigChanges } from './server-config.ts';

interface CloseRow {
  readonly name: string;
  readonly kinds: readonly BundledServerConfig['kind'][];
  readonly config?: ServerConfigChanges;
  /** What the client does. The server is then given time for all connections to end. */
  readonly act: (client: RawClient, server: ServerHandle) => Promise<void>;
  readonly reason: CloseReason;
  readonly first: FirstCloser;
  /** Requests executed on the connection. */
  readonly executed: number;
  readonly refused?: number;
}

const both = ['node', 'reference'] as const;

export async function exchange(client: RawClient, text: string, headOnly = false): Promise<string> {
  client.send(text);
  return (await client.response(headOnly)).head;
}

/** Waits for the server's FIN, then answers it. */
async function serverCloses(client: RawClient): Promise<void> {
  expect(await client.ended).toBe('fin');
  client.socket.end();
}

export const closeRows: readonly CloseRow[] = [
  {
    name: 'client closes an idle connection',
    kinds: both,
    act: async (client) => {
      expect(await exchange(client, request())).toMatch(/^HTTP\/1\.1 200 OK[^]*connection: keep-alive/im);
      await client.close();
    },
    reason: 'clientFin',
    first: 'client',
    executed: 1,
  },
  {
    name: 'client closes without a request',
    kinds: both,
    act: (client) => client.close(),
    reason: 'clientFin',
    first: 'client',
    executed: 0,
  },
  {
    name: 'client closes in the middle of a request',
    kinds: both,
    act: async (client) => {
      client.send('GET / HT');
      client.socket.end();
      expect((await client.response()).status).toBe(400);
    },
    reason: 'clientFin',
    first: 'client',
    executed: 0,
    refused: 1,
  },
  {
    name: 'client resets an idle connection',
    kinds: both,
    act: async (client) => {
      await exchange(client, request());
      client.reset();
    },
    reason: 'clientReset',
    first: 'reset',
    executed: 1,
  },
  {
    name: 'client resets while its answer is delayed',
    kinds: both,
    config: { response: { delay: { distribution: 'constant', valueMs: 60_000 } } },
    act: async (client, server) => {
      client.send(request());
      await reportWhen(server, ({ executed }) => executed === 1);
      client.reset();
    },
    reason: 'clientReset',
    first: 'reset',
    executed: 1,
  },
  {
    name: 'request says Connection: close',
    kinds: both,
    act: async (client) => {
      expect(await exchange(client, request({ headers: ['Connection: close'] }))).toMatch(/connection: close/i);
      await serverCloses(client);
    },
    reason: 'connectionClose',
    first: 'server',
    executed: 1,
  },
  {
    name: 'HTTP/1.0 without keep-alive',
    kinds: both,
    act: async (client) => {
      await exchange(client, request({ version: '1.0' }));
      await serverCloses(client);
    },
    reason: 'connectionClose',
    first: 'server',
    executed: 1,
  },
  {
    name: 'HTTP/1.0 with keep-alive persists',
    kinds: both,
    act: async (client) => {
      const text = request({ version: '1.0', headers: ['Connection: keep-alive'] });
      expect(await exchange(client, text)).toMatch(/connection: keep-alive/i);
      await exchange(client, text);
      await client.close();
    },
    reason: 'clientFin',
    first: 'client',
    executed: 2,
  },
  {
    name: 'HTTP/1.0 with keep-alive cannot persist where the answer is chunked',
    kinds: ['node'],
    config: { response: { framing: 'chunked' } },
    act: async (client) => {
      client.send(request({ version: '1.0', headers: ['Connection: keep-alive'] }));
      await serverCloses(client);
      expect(client.rest).toMatch(/connection: close[^]*\r\n\r\nxxxxx$/i);
    },
    reason: 'connectionClose',
    first: 'server',
    executed: 1,
  },
  {
    name: 'HTTP/1.0 gets a length instead of chunks and persists',
    kinds: ['reference'],
    config: { response: { framing: 'chunked' } },
    act: async (client) => {
      const head = await exchange(client, request({ version: '1.0', headers: ['Connection: keep-alive'] }));
      expect(head).toMatch(/content-length: 5/i);
      await client.close();
    },
    reason: 'clientFin',
    first: 'client',
    executed: 1,
  },
  {
    name: 'request limit: node announces the close and leaves it to the client',
    kinds: ['node'],
    config: { maxRequestsPerSocket: 2 },
    act: async (client) => {
      expect(await exchange(client, request())).toMatch(/connection: keep-alive/i);
      expect(await exchange(client, request())).toMatch(/connection: close/i);
      await client.close();
    },
    reason: 'maxRequests',
    first: 'client',
    executed: 2,
  },
  {
    name: 'request limit: node refuses what comes after it',
    kinds: ['node'],
    config: { maxRequestsPerSocket: 2 },
    act: async (client) => {
      client.send(request() + request() + request());
      const statuses = [await client.response(), await client.response(), await client.response()].map((r) => r.status);
      expect(statuses).toEqual([200, 200, 503]);
      await client.close();
    },
    reason: 'maxRequests',
    first: 'client',
    executed: 2,
    refused: 1,
  },
  {
    name: 'request limit: reference closes after the last answer, also with more requests waiting',
    kinds: ['reference'],
    config: { maxRequestsPerSocket: 2 },
    act: async (client) => {
      client.send(request() + request() + request());
      expect((await client.response()).head).toMatch(/connection: keep-alive\r\nkeep-alive: max=2/i);
      expect((await client.response()).head).toMatch(/connection: close/i);
      await serverCloses(client);
      expect(client.rest).toBe('');
    },
    reason: 'maxRequests',
    first: 'server',
    executed: 2,
  },
  {
    name: 'request limit: reference waits for the client where the client is to close first',
    kinds: ['reference'],
    config: { maxRequestsPerSocket: 1, firstCloser: 'client' },
    act: async (client) => {
      expect(await exchange(client, request())).toMatch(/connection: close/i);
      await client.close();
    },
    reason: 'maxRequests',
    first: 'client',
    executed: 1,
  },
  {
    name: 'Connection: close where the client is to close first and has already',
    kinds: ['reference'],
    config: { firstCloser: 'client' },
    act: async (client) => {
      client.socket.end(request({ headers: ['Connection: close'] }));
      expect((await client.response()).status).toBe(200);
    },
    reason: 'connectionClose',
    first: 'client',
    executed: 1,
  },
  {
    name: 'Connection: close where the client is to close first and never does',
    kinds: ['reference'],
    config: { firstCloser: 'client' },
    act: async (client) => {
      await exchange(client, request({ headers: ['Connection: close'] }));
      await serverCloses(client);
    },
    reason: 'connectionClose',
    first: 'server',
    executed: 1,
  },
  {
    name: 'keep-alive timeout',
    kinds: both,
    config: { keepAliveTimeoutMs: 50 },
    act: async (client) => {
      expect(await exchange(client, request())).toMatch(/keep-alive: timeout=0/i);
      await serverCloses(client);
    },
    reason: 'idleTimeout',
    first: 'server',
    executed: 1,
  },
  {
    name: 'headers timeout of a silent connection',
    kinds: both,
    config: { headersTimeoutMs: 100 },
    act: async (client) => {
      expect((await client.response()).status).toBe(408);
      await serverCloses(client);
    },
    reason: 'headersTimeout',
    first: 'server',
    executed: 0,
    refused: 1,
  },
  {
    name: 'headers timeout of a second request',
    kinds: both,
    config: { headersTimeoutMs: 100 },
    act: async (client) => {
      await exchange(client, request());
      client.send('GET / HTTP/1.1\r\n');
      expect((await client.response()).status).toBe(408);
      await serverCloses(client);
    },
    reason: 'headersTimeout',
    first: 'server',
    executed: 1,
    refused: 1,
  },
  {
    name: 'request timeout in a body',
    kinds: both,
    config: { requestTimeoutMs: 100 },
    act: async (client) => {
      client.send(request({ method: 'POST', headers: ['Content-Length: 10'], body: 'half' }));
      expect((await client.response()).status).toBe(408);
      await serverCloses(client);
    },
    reason: 'requestTimeout',
    first: 'server',
    executed: 0,
    refused: 1,
  },
  {
    name: 'not HTTP',
    kinds: both,
    act: async (client) => {
      client.send('hello\r\n\r\n');
      expect((await client.response()).status).toBe(400);
      await client.ended;
      client.socket.end();
    },
    reason: 'error',
    first: 'server',
    executed: 0,
    refused: 1,
  },
  {
    name: 'HTTP/1.1 without Host',
    kinds: ['node'],
    act: async (client) => {
      expect(await exchange(client, 'GET / HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [^]*connection: close/i);
      await serverCloses(client);
    },
    reason: 'connectionClose',
    first: 'server',
    executed: 0,
    refused: 1,
  },
  {
    name: 'fields too large',
    kinds: both,
    act: async (client) => {
      client.send(request({ headers: [`X: ${'x'.repeat(70_000)}`] }));
      expect((await client.response()).status).toBe(431);
      await client.ended;
      client.socket.end();
    },
    reason: 'error',
    first: 'server',
    executed: 0,
    refused: 1,
  },
];
