/** Why a connection ended on which the server's FIN came first although the client had decided to end it. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { createLiveCounts } from '../../../src/clients/live.ts';
import { SocketLedger } from '../../../src/clients/node/socket-ledger.ts';

it.each([
  { what: 'was told of it (GOAWAY): the client ended it', isAnnounced: true, reason: 'idleTimeout' },
  { what: 'was not told: the server ended it', isAnnounced: false, reason: 'serverFin' },
])('idle for its own time, and the server $what', async ({ isAnnounced, reason }) => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const ledger = new SocketLedger({ live: createLiveCounts(), tls: false, onEstablished: () => undefined });
  const { port } = server.address() as AddressInfo;
  const connection = ledger.track(connect({ host: '127.0.0.1', port, allowHalfOpen: true }));
  connection.endsFor('idleTimeout');
  connection.isAnnounced = isAnnounced;
  connection.socket.resume();
  await once(connection.socket, 'end');
  connection.socket.end();
  await once(connection.socket, 'close');
  await ledger.tearDown();
  server.close();
  await once(server, 'close');

  const { closesByReason, firstCloser } = ledger.report();
  expect(closesByReason).toMatchObject({ [reason]: 1 });
  expect(firstCloser).toEqual({ client: 0, server: 1, reset: 0 });
});
