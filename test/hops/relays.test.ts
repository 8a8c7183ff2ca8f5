import { afterEach, describe, expect, it } from 'vitest';
import { startBlindRelay } from '../../src/hops/blind-relay.ts';
import { startProxyAwareRelay } from '../../src/hops/proxy-aware-relay.ts';
import type { RunningHop } from '../../src/hops/running-hop.ts';
import { RawClient, request } from '../server/raw-client.ts';
import { expectBalance } from './hop-config.ts';
import { freePort, ok, Origin, type SeenRequest } from './origin.ts';

const hops: RunningHop[] = [];
const origins: Origin[] = [];

afterEach(async () => {
  for (const hop of hops.splice(0)) {
    await hop.stop(0);
    expectBalance(hop.report());
  }
  for (const origin of origins.splice(0)) await origin.close();
});

const starts = { 'blind-relay': startBlindRelay, 'proxy-aware-relay': startProxyAwareRelay } as const;

/** A chain of relays, the first one nearest to the client. */
async function serve(
  kinds: readonly (keyof typeof starts)[],
  answer: (request: SeenRequest) => void,
): Promise<{ chain: readonly RunningHop[]; origin: Origin; client: RawClient }> {
  const origin = await Origin.start(answer);
  origins.push(origin);
  const chain: RunningHop[] = [];
  let upstream = origin.endpoint;
  for (const kind of kinds.toReversed()) {
    const hop = await starts[kind]({ config: { kind, host: 'server' }, host: '127.0.0.1', port: 0, upstream });
    chain.unshift(hop);
    upstream = hop;
  }
  hops.push(...chain);
  return { chain, origin, client: await RawClient.open(upstream.port) };
}

/** A server that keeps connections, unless it is asked to close. */
const keep = ({ text, socket }: SeenRequest): void => {
  if (text.includes('\r\nConnection: close\r\n')) socket.end(ok('hello', ['Connection: close']));
  else socket.write(ok());
};

describe('a blind relay', () => {
  const head = ['Connection: keep-alive, X', 'Proxy-Connection: keep-alive', 'Keep-Alive: 300', 'TE: gzip'];

  it('passes the head on to the letter, and the answer at once', async () => {
    const { origin, client } = await serve(['blind-relay'], keep);
    client.send(request({ headers: head }));
    const answer = await client.response();
    expect(origin.requests[0]?.text).toBe(request({ headers: head }));
    expect(`${answer.head}\r\n\r\n${answer.body}`).toBe(ok());
  });

  it('leaves a second request waiting until the server closes its connection', async () => {
    const { chain, origin, client } = await serve(['blind-relay'], keep);
    client.send(request({ headers: head }));
    await client.response();
    client.send(request({ headers: head }) + request());
    // The relay has read both, and neither arrives: it waits for the end of the first answer.
    while (chain[0]!.report().requests.ignored < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(origin.requests).toHaveLength(1);
    expect(client.rest).toBe('');
    origin.requests[0]?.socket.end(); // The server's idle timeout.
    expect(await client.ended).toBe('fin');
    client.socket.end();
    await chain[0]!.stop(1_000);
    const { downstream, upstream, requests } = chain[0]!.report();
    expect(origin.requests).toHaveLength(1);
    expect(requests).toMatchObject({ received: 3, ignored: 2, sent: 1, answered: 1 });
    expect(upstream).toMatchObject({ opened: 1, closedBy: { peer: 1 } });
    expect(downstream).toMatchObject({ opened: 1, closedBy: { hop: 1 }, requestsPerConnection: { 3: 1 } });
  });

  it('ends with the answer where the client asks the server to close', async () => {
    const { chain, client } = await serve(['blind-relay'], keep);
    client.send(request({ headers: ['Connection: close'] }));
    expect(await client.ended).toBe('fin');
    await client.close();
    await chain[0]!.stop(1_000);
    expect(chain[0]!.report().requests).toMatchObject({ received: 1, ignored: 0, answered: 1 });
  });

  it('opens a connection for each client, and passes its end on', async () => {
    const { chain, origin, client } = await serve(['blind-relay'], keep);
    const other = await RawClient.open(chain[0]!.port);
    await origin.until(() => origin.accepted === 2);
    await client.close();
    await other.close();
    await origin.until(() => origin.open === 0);
    await chain[0]!.stop(1_000);
    expect(chain[0]!.report().requests).toMatchObject({ received: 0, answered: 0 });
    expect(chain[0]!.report().downstream.closedBy).toEqual({ peer: 2, hop: 0, reset: 0 });
  });

  it('says 502 where nobody listens or the server closes without a word', async () => {
    const { chain, client } = await serve(['blind-relay'], ({ socket }) => {
      socket.end();
    });
    client.send(request());
    expect((await client.response()).status).toBe(502);
    await chain[0]!.stop(0);
    expect(chain[0]!.report().requests.failures.endedOnNew).toBe(1);

    const upstream = { host: '127.0.0.1', port: await freePort() };
    const config = { kind: 'blind-relay', host: 'server' } as const;
    const lost = await startBlindRelay({ config, host: '127.0.0.1', port: 0, upstream });
    hops.push(lost);
    const early = await RawClient.open(lost.port);
    early.send(request());
    // The request may come before or after the refusal of the connection.
    await early.ended;
    await lost.stop(0);
    expect(lost.report().upstream).toMatchObject({ attempted: 1, connectFailed: 1, opened: 0 });
  });

  it('drops the server connection of a client that resets', async () => {
    const { chain, origin, client } = await serve(['blind-relay'], () => undefined);
    client.send(request());
    await origin.until(() => origin.requests.length === 1);
    client.reset();
    await origin.until(() => origin.open === 0);
    await chain[0]!.stop(1_000);
    expect(chain[0]!.report().requests).toMatchObject({ received: 1, abandoned: 1 });
  });
});

describe('a relay that knows Proxy-Connection', () => {
  const wish = ['Connection: X', 'Proxy-Connection: keep-alive', 'Keep-Alive: 300'];

  it('keeps both connections and says Connection to the server', async () => {
    const { chain, origin, client } = await serve(['proxy-aware-relay'], keep);
    for (let index = 0; index < 2; index++) {
      client.send(request({ headers: wish }));
      expect((await client.response()).head).toBe(
        'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nProxy-Connection: keep-alive\r\nConnection: keep-alive',
      );
    }
    expect(origin.requests.map(({ text, connection }) => [connection, text])).toEqual([
      [0, request({ headers: ['Connection: keep-alive'] })],
      [0, request({ headers: ['Connection: keep-alive'] })],
    ]);
    await client.close();
    await chain[0]!.stop(1_000);
    expect(chain[0]!.report()).toMatchObject({
      downstream: { opened: 1, closedBy: { peer: 1 } },
      upstream: { opened: 1, closedBy: { hop: 1 } },
      requests: { received: 2, sent: 2, sentOnReuse: 1, answered: 2 },
    });
  });

  it('closes where the client says Connection only', async () => {
    const { origin, client } = await serve(['proxy-aware-relay'], keep);
    client.send(request({ headers: ['Connection: keep-alive'] }));
    expect(await client.ended).toBe('fin');
    expect(client.rest).toContain('\r\nConnection: close\r\n');
    expect(origin.requests[0]?.text).toBe(request({ headers: ['Connection: close'] }));
  });

  it('ends the client connection with the server one', async () => {
    const { origin, client } = await serve(['proxy-aware-relay'], keep);
    client.send(request({ headers: wish }));
    await client.response();
    origin.requests[0]?.socket.end();
    expect(await client.ended).toBe('fin');
  });

  it('hangs behind a blind relay all the same, until the server closes', async () => {
    const { chain, origin, client } = await serve(['blind-relay', 'proxy-aware-relay'], keep);
    client.send(request({ headers: wish }));
    await client.response();
    client.send(request({ headers: wish }));
    while (chain[0]!.report().requests.ignored < 1) await new Promise((resolve) => setImmediate(resolve));
    expect(origin.requests).toHaveLength(1);
    origin.requests[0]?.socket.end();
    expect(await client.ended).toBe('fin');
    client.socket.end();
    await chain[0]!.stop(1_000);
    await chain[1]!.stop(1_000);
    // What one hop opened, the next one accepted.
    expect(chain[0]!.report().upstream.opened).toBe(chain[1]!.report().downstream.opened);
    expect(chain[0]!.report().requests.sent).toBe(chain[1]!.report().requests.received);
  });
});
