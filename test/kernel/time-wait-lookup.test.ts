import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { loadNative } from '../../src/kernel/native.ts';
import { TimeWaitLookup, type ConnectionAddresses } from '../../src/kernel/time-wait-lookup.ts';

/** A connection of which `first` ended first, after both ends are closed; as the client sees it. */
async function closedConnection(first: 'client' | 'server'): Promise<ConnectionAddresses> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connect(port, '127.0.0.1').resume();
  await once(client, 'connect');
  const [peer] = await accepted;
  peer.resume();
  const localPort = client.localPort!;
  const ended = Promise.all([once(client, 'close'), once(peer, 'close')]);
  (first === 'client' ? client : peer).end();
  await ended;
  server.close();
  return { localAddress: '127.0.0.1', localPort, remoteAddress: '127.0.0.1', remotePort: port };
}

it.skipIf(!loadNative().ok)('tells the side that holds TIME_WAIT from the other one', async () => {
  const lookup = new TimeWaitLookup();
  for (const first of ['client', 'server'] as const) {
    const addresses = await closedConnection(first);
    const { localAddress, localPort, remoteAddress, remotePort } = addresses;
    const mirrored = {
      localAddress: remoteAddress,
      localPort: remotePort,
      remoteAddress: localAddress,
      remotePort: localPort,
    };
    expect([lookup.holds(addresses), lookup.holds(mirrored)]).toEqual([first === 'client', first === 'server']);
  }
  lookup.close();
});
