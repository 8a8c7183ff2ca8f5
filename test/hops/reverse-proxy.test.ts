import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startReverseProxy } from '../../src/hops/reverse-proxy.ts';
import type { HopReport } from '../../src/hops/messages.ts';
import type { RunningHop } from '../../src/hops/running-hop.ts';
import type { ProxyHopConfig } from '../../src/scenario/hop-config.ts';
import { RawClient, request } from '../server/raw-client.ts';
import { expectBalance, proxyConfig } from './hop-config.ts';
import { freePort, ok, Origin, type SeenRequest } from './origin.ts';

const started: { hop: RunningHop; origin: Origin | null }[] = [];

afterEach(async () => {
  for (const { hop, origin } of started.splice(0)) {
    await hop.stop(0);
    await origin?.close();
    expectBalance(hop.report());
  }
});

async function serve(
  config: ProxyHopConfig,
  answer: (request: SeenRequest) => void,
): Promise<{ hop: RunningHop; origin: Origin; client: RawClient }> {
  const origin = await Origin.start(answer);
  const hop = await startReverseProxy({ config, host: '127.0.0.1', port: 0, upstream: origin.endpoint });
  started.push({ hop, origin });
  return { hop, origin, client: await RawClient.open(hop.port) };
}

const sayOk = ({ socket }: SeenRequest): void => {
  socket.write(ok());
};

/** Ends the client's connection, then the hop, and gives its last counts. */
async function report(hop: RunningHop, ...clients: readonly RawClient[]): Promise<HopReport> {
  for (const client of clients) await client.close();
  await hop.stop(1_000);
  return hop.report();
}

describe('fields', () => {
  it('passes on what is end to end and keeps to itself what is for one hop', async () => {
    const fields = [
      'Connection: X-Secret, close',
      'X-Secret: 1',
      'Keep-Alive: timeout=9',
      'X-Kept: yes',
      'Upgrade: h3',
    ];
    const { origin, client } = await serve(proxyConfig(), ({ socket }) => {
      socket.write(ok('hello', fields));
    });
    client.send(
      request({
        headers: [
          'Connection: X-Mine, keep-alive',
          'X-Mine: 1',
          'Proxy-Connection: keep-alive',
          'TE: gzip',
          'Via: 1.0 a',
        ],
      }),
    );
    const { head, body } = await client.response();
    expect(origin.requests.map(({ text }) => text)).toEqual([
      'GET / HTTP/1.1\r\nHost: localhost\r\nVia: 1.0 a\r\nVia: 1.1 connbench\r\n\r\n',
    ]);
    expect(body).toBe('hello');
    expect(head.replace(/Date: .*GMT/, 'Date: now')).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Kept: yes\r\nDate: now\r\nVia: 1.1 connbench',
    );
    // The server's `close` was for the connection between hop and server: the client's lives on.
    client.send(request());
    expect((await client.response()).status).toBe(200);
    expect(origin.requests.map(({ connection }) => connection)).toEqual([0, 1]);
  });

  it('keeps Host when Connection names it, and asks for the origin form with Host', async () => {
    const { origin, client } = await serve(proxyConfig(), sayOk);
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: host\r\n\r\n');
    await client.response();
    client.send('GET http://b:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.response();
    expect(origin.requests.map(({ text }) => text)).toEqual([
      'GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 connbench\r\n\r\n',
      'GET /x?y HTTP/1.1\r\nHost: b:81\r\nVia: 1.1 connbench\r\n\r\n',
    ]);
  });

  it('answers OPTIONS with Max-Forwards 0 itself, passes 2 on as 1, and makes no tunnels', async () => {
    const { hop, origin, client } = await serve(proxyConfig(), sayOk);
    client.send('OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n');
    expect((await client.response()).head).toBe('HTTP/1.1 200 OK\r\nContent-Length: 0');
    client.send('OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 2\r\n\r\n');
    await client.response();
    client.send('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n');
    expect((await client.response()).status).toBe(501);
    expect(origin.requests.map(({ text }) => text)).toEqual([
      'OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\nVia: 1.1 connbench\r\n\r\n',
    ]);
    expect((await report(hop, client)).requests).toMatchObject({ received: 3, refused: 2, answered: 1 });
  });
});

describe('bodies', () => {
  it('streams chunks both ways as they come', async () => {
    const { origin, client } = await serve(proxyConfig(), ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n0\r\nX-Trailer: 1\r\n\r\n');
    });
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    await origin.until(() => origin.accepted === 1); // The head is on its way before the body is whole.
    client.send('0\r\n\r\n');
    await client.received('X-Trailer: 1\r\n\r\n');
    expect(client.rest).toContain('\r\n\r\n4\r\nwiki\r\n0\r\nX-Trailer: 1\r\n\r\n');
    expect(origin.requests[0]?.text).toContain('\r\n\r\n3\r\nabc\r\n0\r\n\r\n');
  });

  it('gives an HTTP/1.0 client the data without chunks, and closes', async () => {
    const { origin, client } = await serve(proxyConfig(), ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nwiki\r\n5\r\npedia\r\n0\r\n\r\n');
    });
    client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    expect(await client.ended).toBe('fin');
    expect(client.rest).toMatch(
      /^HTTP\/1\.1 200 OK\r\nDate: .*\r\nVia: 1\.1 connbench\r\nConnection: close\r\n\r\nwikipedia$/,
    );
    const { host, port } = origin.endpoint;
    expect(origin.requests[0]?.text).toBe(`GET / HTTP/1.1\r\nHost: ${host}:${port}\r\nVia: 1.0 connbench\r\n\r\n`);
  });

  it('knows answers without a body: HEAD, 204 and 304', async () => {
    const { origin, client } = await serve(proxyConfig(), ({ text, socket }) => {
      if (text.startsWith('HEAD')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
      else if (text.startsWith('GET')) socket.write('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n');
      else socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    });
    for (const method of ['HEAD', 'GET', 'DELETE']) {
      client.send(request({ method }));
      await client.response(true);
    }
    // All three on one connection: none waited for a body.
    expect(origin.requests.map(({ connection }) => connection)).toEqual([0, 0, 0]);
  });

  it('ends the client connection with an answer that ends with the connection', async () => {
    const { client } = await serve(proxyConfig(), ({ socket }) => {
      socket.end('HTTP/1.1 200 OK\r\n\r\nall');
    });
    client.send(request());
    expect(await client.ended).toBe('fin');
    expect(client.rest).toMatch(/Connection: close\r\n\r\nall$/);
  });

  it('passes interim responses on, but not to HTTP/1.0', async () => {
    const { client, hop } = await serve(proxyConfig(), ({ socket }) => {
      socket.write(`HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${ok()}`);
    });
    client.send(request());
    expect((await client.response(true)).status).toBe(103);
    expect((await client.response()).status).toBe(200);
    const old = await RawClient.open(hop.port);
    old.send(request({ version: '1.0' }));
    await old.ended;
    expect(old.rest).toMatch(/^HTTP\/1\.1 200/);
  });

  it('lets a server wait for a client that reads slowly, and loses nothing', async () => {
    const sizeBytes = 40_000_000;
    let written = 0;
    let isDone = false;
    const { hop, origin } = await serve(proxyConfig(), ({ socket }) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${sizeBytes}\r\n\r\n`);
      const part = Buffer.alloc(1_000_000, 'x');
      const next = (): void => {
        while (written < sizeBytes) {
          written += part.length;
          if (!socket.write(part)) {
            socket.once('drain', next);
            return;
          }
        }
        isDone = true;
      };
      next();
    });
    const socket = connect({ host: '127.0.0.1', port: hop.port });
    socket.pause();
    socket.write(request());
    await origin.until(() => origin.requests.length === 1);
    // Nobody reads: the kernel's buffers (each at most tcp_wmem + tcp_rmem, some MB) and the hop's fill up, and the server waits.
    let last = -1;
    while (written !== last) {
      last = written;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(isDone).toBe(false);
    let received = 0;
    for await (const part of socket) {
      received += (part as Buffer).length;
      if (received > sizeBytes) break;
    }
    const head = received - sizeBytes;
    expect(head).toBeGreaterThan(0);
    expect(head).toBeLessThan(200);
  });
});

describe('connections', () => {
  it('uses one upstream connection for client after client', async () => {
    const { hop, origin, client } = await serve(proxyConfig(), sayOk);
    const other = await RawClient.open(hop.port);
    for (const each of [client, other, client]) {
      each.send(request());
      await each.response();
    }
    const { downstream, upstream, requests } = await report(hop, client, other);
    expect(origin.accepted).toBe(1);
    expect(downstream).toMatchObject({
      opened: 2,
      closedBy: { peer: 2, hop: 0, reset: 0 },
      requestsPerConnection: { 1: 1, 2: 1 },
    });
    expect(upstream).toMatchObject({
      attempted: 1,
      opened: 1,
      closedBy: { peer: 0, hop: 1, reset: 0 },
      requestsPerConnection: { 3: 1 },
    });
    expect(requests).toMatchObject({ received: 3, sent: 3, sentOnReuse: 2, answered: 3 });
  });

  it.each([
    ['connection: close', { connection: 'close' } as const],
    ['pool.size 0', { pool: { size: 0 } }],
    ['pool.maxRequests 1', { pool: { maxRequests: 1 } }],
  ])('opens one per request with %s', async (_, upstream) => {
    const { hop, origin, client } = await serve(proxyConfig({ upstream }), sayOk);
    for (let index = 0; index < 3; index++) {
      client.send(request());
      await client.response();
    }
    expect(origin.accepted).toBe(3);
    expect(origin.requests[0]?.text.includes('Connection: close')).toBe('connection' in upstream);
    expect((await report(hop, client)).requests).toMatchObject({ sent: 3, sentOnReuse: 0 });
  });

  it('keeps no more idle ones than the pool holds', async () => {
    const waiting: SeenRequest[] = [];
    const { hop, origin, client } = await serve(proxyConfig({ upstream: { pool: { size: 1 } } }), (seen) => {
      waiting.push(seen);
    });
    const other = await RawClient.open(hop.port);
    client.send(request());
    other.send(request());
    await origin.until(() => waiting.length === 2);
    for (const seen of waiting) sayOk(seen);
    await client.response();
    await other.response();
    await origin.until(() => origin.open === 1);
    client.send(request());
    await origin.until(() => waiting.length === 3);
    expect(waiting.slice(2).every(({ connection, isFirst }) => connection < 2 && !isFirst)).toBe(true);
    sayOk(waiting[2]!);
    await client.response();
    expect((await report(hop, client, other)).upstream).toMatchObject({ opened: 2, closedBy: { hop: 2 } });
  });

  it('closes an idle upstream connection after its time', async () => {
    const { hop, origin, client } = await serve(proxyConfig({ upstream: { pool: { idleTimeoutMs: 20 } } }), sayOk);
    client.send(request());
    await client.response();
    await origin.until(() => origin.accepted === 1 && origin.open === 0);
    expect((await report(hop, client)).upstream.closedBy).toEqual({ peer: 0, hop: 1, reset: 0 });
  });

  it('does not use one that the server has closed', async () => {
    const { hop, origin, client } = await serve(proxyConfig(), ({ socket }) => {
      socket.end(ok());
    });
    client.send(request());
    await client.response();
    await origin.until(() => origin.open === 0);
    client.send(request());
    expect((await client.response()).status).toBe(200);
    const { upstream, requests } = await report(hop, client);
    expect(upstream.closedBy).toEqual({ peer: 2, hop: 0, reset: 0 });
    expect(requests).toMatchObject({ answered: 2, sentOnReuse: 0 });
  });

  it('closes a client connection that was idle too long, and one with its last request', async () => {
    const { hop, client } = await serve(proxyConfig({ keepAliveTimeoutMs: 20, maxRequests: 2 }), sayOk);
    client.send(request() + request());
    expect((await client.response()).head).not.toContain('Connection');
    expect((await client.response()).head).toContain('Connection: close');
    expect(await client.ended).toBe('fin');
    const idle = await RawClient.open(hop.port);
    expect(await idle.ended).toBe('fin');
    client.socket.end();
    idle.socket.end();
    expect((await report(hop)).downstream.closedBy).toEqual({ peer: 0, hop: 2, reset: 0 });
  });

  it('answers all that a client has sent before its FIN', async () => {
    const { hop, client } = await serve(proxyConfig(), sayOk);
    client.send(request() + request() + request());
    client.socket.end();
    for (let index = 0; index < 3; index++) expect((await client.response()).status).toBe(200);
    expect(await client.ended).toBe('fin');
    expect((await report(hop)).requests).toMatchObject({ received: 3, answered: 3 });
  });

  it('answers pipelined requests in their order', async () => {
    const { origin, client } = await serve(proxyConfig(), ({ text, socket }) => {
      socket.write(ok(/GET (\S+)/.exec(text)?.[1]));
    });
    client.send(['/1', '/22', '/333'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
    const bodies = [await client.response(), await client.response(), await client.response()].map(({ body }) => body);
    expect(bodies).toEqual(['/1', '/22', '/333']);
    expect(origin.accepted).toBe(1);
  });
});

describe('failures', () => {
  it('says 502 where the server refuses, and keeps the client connection', async () => {
    const upstream = { host: '127.0.0.1', port: await freePort() };
    const hop = await startReverseProxy({ config: proxyConfig(), host: '127.0.0.1', port: 0, upstream });
    started.push({ hop, origin: null });
    const client = await RawClient.open(hop.port);
    for (let index = 0; index < 2; index++) {
      client.send(request());
      expect((await client.response()).status).toBe(502);
    }
    const { upstream: connections, requests } = await report(hop, client);
    expect(connections).toMatchObject({ attempted: 2, opened: 0, connectFailed: 2 });
    expect(requests).toMatchObject({ received: 2, sent: 0, failures: { refused: 2 } });
  });

  /** Answers the first request of a connection, and resets it at the second. */
  const resetOnReuse = ({ isFirst, socket }: SeenRequest): void => {
    if (isFirst) socket.write(ok());
    else socket.resetAndDestroy();
  };

  it.each([
    ['none', 'GET', 502, { failures: { endedOnReuse: 1 }, retries: { endedOnReuse: 0 }, sent: 2 }],
    ['reused-once', 'GET', 200, { failures: { endedOnReuse: 0 }, retries: { endedOnReuse: 1 }, sent: 3 }],
    ['reused-once', 'POST', 502, { failures: { endedOnReuse: 1 }, retries: { endedOnReuse: 0 }, sent: 2 }],
    ['always-once', 'POST', 200, { failures: { endedOnReuse: 0 }, retries: { endedOnReuse: 1 }, sent: 3 }],
  ] as const)('with retry %s a %s whose reused connection is reset gets %i', async (retry, method, status, counts) => {
    const { hop, client } = await serve(proxyConfig({ upstream: { retry } }), resetOnReuse);
    client.send(request());
    await client.response();
    const body = method === 'POST' ? 'abc' : '';
    client.send(request({ method, body, headers: body === '' ? [] : ['Content-Length: 3'] }));
    expect((await client.response()).status).toBe(status);
    expect((await report(hop, client)).requests).toMatchObject({ received: 2, ...counts });
  });

  it.each([
    ['reused-once', { failures: { endedOnNew: 1 }, retries: { endedOnNew: 0 }, sent: 1 }],
    ['always-once', { failures: { endedOnNew: 1 }, retries: { endedOnNew: 1 }, sent: 2 }],
  ] as const)('with retry %s a request that ends on a new connection gets 502', async (retry, counts) => {
    const { hop, client } = await serve(proxyConfig({ upstream: { retry } }), ({ socket }) => {
      socket.end();
    });
    client.send(request());
    expect((await client.response()).status).toBe(502);
    expect((await report(hop, client)).requests).toMatchObject({ received: 1, ...counts });
  });

  it('says 504 where the server is silent', async () => {
    const { hop, client } = await serve(proxyConfig({ upstream: { timeouts: { responseMs: 30 } } }), () => undefined);
    client.send(request());
    expect((await client.response()).status).toBe(504);
    expect((await report(hop, client)).requests.failures.responseTimeout).toBe(1);
  });

  it('says 502 for what is no HTTP', async () => {
    const { hop, client } = await serve(proxyConfig(), ({ socket }) => {
      socket.write('SMTP ready\r\n\r\n');
    });
    client.send(request());
    expect((await client.response()).status).toBe(502);
    expect((await report(hop, client)).requests.failures.badResponse).toBe(1);
  });

  it('ends the client connection where an answer is cut short', async () => {
    const { hop, client } = await serve(proxyConfig(), ({ socket }) => {
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    });
    client.send(request());
    expect(await client.ended).toBe('fin');
    expect(client.rest).toMatch(/\r\n\r\nhalf$/);
    expect((await report(hop, client)).requests).toMatchObject({ answered: 0, failures: { cutShort: 1 } });
  });

  it('resets the client where an answer without a length is cut short, so that it does not look complete', async () => {
    const { hop, client } = await serve(proxyConfig(), ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nhalf', () => {
        setImmediate(() => socket.resetAndDestroy());
      });
    });
    client.send(request());
    expect(await client.ended).toBe('reset');
    expect((await report(hop)).requests.failures.cutShort).toBe(1);
  });

  it('ends the upstream connection of a client that is gone', async () => {
    const { hop, origin, client } = await serve(proxyConfig(), () => undefined);
    client.send(request());
    await origin.until(() => origin.requests.length === 1);
    client.reset();
    await origin.until(() => origin.open === 0);
    const { downstream, upstream, requests } = await report(hop);
    expect(requests).toMatchObject({ received: 1, abandoned: 1 });
    expect(downstream.closedBy).toEqual({ peer: 0, hop: 0, reset: 1 });
    expect(upstream.closedBy).toEqual({ peer: 0, hop: 1, reset: 0 });
  });

  it('refuses what is no request', async () => {
    const { hop, origin, client } = await serve(proxyConfig(), sayOk);
    client.send('GET / HTTP/1.1\r\n\r\n'); // Without Host.
    expect((await client.response()).status).toBe(400);
    expect(await client.ended).toBe('fin');
    expect(origin.accepted).toBe(0);
    expect((await report(hop, client)).requests).toMatchObject({ received: 1, refused: 1 });
  });
});
