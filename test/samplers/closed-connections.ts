// Opens loopback connections and has one side close each first, so that this side is left with one TIME_WAIT socket per connection.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tallyProcNetTcp } from '../../src/kernel/proc-net.ts';

export interface ClosedConnections {
  readonly port: number;
  stop(): Promise<void>;
}

/** One after another: `clientFirst` connections whose client sends the first FIN, then `serverFirst` whose server does. */
export async function makeClosedConnections(
  clientFirst: number,
  serverFirst: number,
  listenHost = '127.0.0.1',
  connectHost = listenHost,
): Promise<ClosedConnections> {
  let serverCloses = false;
  const accepted: Promise<unknown>[] = [];
  const server = createServer((socket) => {
    socket.resume();
    accepted.push(once(socket, 'close'));
    if (serverCloses) socket.end();
  });
  const port = await listenOnUnusedPort(server, listenHost);
  const one = async (client: Socket): Promise<void> => {
    client.resume();
    const closed = once(client, 'close');
    await once(client, 'connect');
    if (!serverCloses) client.end();
    await closed;
  };
  for (let made = 0; made < clientFirst; made++) await one(connect(port, connectHost));
  await Promise.all(accepted);
  serverCloses = true;
  for (let made = 0; made < serverFirst; made++) await one(connect(port, connectHost));
  await Promise.all(accepted);
  return {
    port,
    async stop() {
      server.close();
      await once(server, 'close');
    },
  };
}

/** A port that has no TIME_WAIT socket of an earlier test: the kernel gives such ports out again. */
async function listenOnUnusedPort(server: Server, host: string): Promise<number> {
  for (;;) {
    server.listen(0, host);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { client, server: held } = tallyProcNetTcp(port).in('timeWait');
    if (client + held === 0) return port;
    server.close();
    await once(server, 'close');
  }
}
