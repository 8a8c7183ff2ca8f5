/** TIME_WAIT of a chain of programs that share a namespace is told apart by their ports. */
import { createServer, connect, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { openChainTimeWait } from '../../src/samplers/time-wait.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A listener that ends each connection at once, or waits for its peer to. */
async function listen(closesFirst: boolean): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    if (closesFirst) socket.end();
    socket.on('end', () => socket.end()).resume();
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function visit(port: number, closesFirst: boolean): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  await once(socket, 'connect');
  if (closesFirst) socket.end();
  socket.on('end', () => socket.end()).resume();
  await once(socket, 'close');
}

test.runIf(process.platform === 'linux')(
  'an opener holds those of its own closes, a listener those of its own',
  async () => {
    // client -> hop -> server: the hop closes 2 towards the client and 1 towards the server.
    const [hop, server] = [await listen(true), await listen(false)];
    const source = openChainTimeWait([hop, server]);
    for (let index = 0; index < 2; index++) await visit(hop, false);
    await visit(server, true);
    const { client, hops, server: ofServer } = source.count(true);
    source.close();
    expect({ client, hops, ofServer }).toEqual({ client: 0, hops: [3], ofServer: 0 });
  },
);
