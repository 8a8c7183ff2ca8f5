/** Sockets and epoll on a real loopback connection: what each call gives in every state that the client relies on. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Epoll, EPOLLERR, EPOLLET, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP } from '../../src/kernel/epoll.ts';
import { EAGAIN, EINPROGRESS, errnoName } from '../../src/kernel/errno.ts';
import { allocateNative, freeNative } from '../../src/kernel/memory.ts';
import { loadNative } from '../../src/kernel/native.ts';
import { socketAddress, Sockets } from '../../src/kernel/sockets.ts';

const EBADF = 9;
const ECONNRESET = 104;
const ECONNREFUSED = 111;
const EPIPE = 32;
const TCP_ESTABLISHED = 1;
const TCP_CLOSE_WAIT = 8;
const waitNs = 10e9;

const loaded = loadNative();
const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

interface Pair {
  readonly sockets: Sockets;
  readonly client: number;
  readonly server: number;
  readonly port: number;
}

/** Waits until `fd` has one of the events, and gives all that it has. */
function waitFor(fd: number, events: number): number {
  const epoll = new Epoll();
  try {
    expect(epoll.add(fd, events, 0)).toBe(0);
    expect(epoll.wait(waitNs)).toBe(1);
    return epoll.events(0);
  } finally {
    epoll.close();
  }
}

function listen(sockets: Sockets): { fd: number; port: number } {
  const fd = sockets.open();
  cleanups.push(() => sockets.close(fd));
  expect([
    sockets.setReuseAddress(fd),
    sockets.bind(fd, socketAddress('127.0.0.1', 0)),
    sockets.listen(fd, 16),
  ]).toEqual([0, 0, 0]);
  return { fd, port: sockets.localPort(fd) };
}

function connected(): Pair {
  const sockets = new Sockets();
  const { fd, port } = listen(sockets);
  const client = sockets.open();
  expect(sockets.connect(client, socketAddress('127.0.0.1', port))).toBe(-EINPROGRESS);
  expect(waitFor(client, EPOLLOUT) & EPOLLOUT).toBe(EPOLLOUT);
  waitFor(fd, EPOLLIN);
  const server = sockets.accept(fd);
  expect(server).toBeGreaterThan(0);
  cleanups.push(() => sockets.close(client));
  cleanups.push(() => sockets.close(server));
  return { sockets, client, server, port };
}

function sendText(sockets: Sockets, fd: number, text: string): number {
  const buffer = allocateNative(text.length);
  buffer.bytes.set(new TextEncoder().encode(text));
  const result = sockets.send(fd, buffer.address, text.length);
  freeNative(buffer);
  return result;
}

describe('socketAddress', () => {
  it.each(['localhost', '', '1.2.3', '1.2.3.4.5', '1.2.3.256', '1.2.3.-4', '::1', '1.2.3.x'])(
    '%s is refused',
    (host) => {
      expect(() => socketAddress(host, 80)).toThrow(`not an IPv4 address: ${host}`);
    },
  );
});

describe('errnoName', () => {
  it('names what it knows, and says the number of what it does not', () => {
    expect([errnoName(ECONNRESET), errnoName(24), errnoName(999)]).toEqual(['ECONNRESET', 'EMFILE', 'errno 999']);
  });
});

describe.skipIf(!loaded.ok)(`Sockets${loaded.ok ? '' : ` (skipped: ${loaded.reason})`}`, () => {
  it('connect, accept, send, peek, receive', () => {
    const { sockets, client, server, port } = connected();
    expect(sockets.pendingError(client)).toBe(0);
    expect([sockets.tcpState(client), sockets.localPort(server)]).toEqual([TCP_ESTABLISHED, port]);
    const buffer = allocateNative(16);
    expect(sockets.recv(client, buffer.address, 16)).toBe(-EAGAIN);
    expect(sockets.peek(client)).toBe(-EAGAIN);
    expect(sendText(sockets, server, 'hello')).toBe(5);
    waitFor(client, EPOLLIN);
    // Looking takes nothing.
    expect([sockets.peek(client), sockets.peek(client)]).toEqual([1, 1]);
    expect(sockets.recv(client, buffer.address, 16)).toBe(5);
    expect(new TextDecoder().decode(buffer.bytes.subarray(0, 5))).toBe('hello');
    freeNative(buffer);
  });

  it('a FIN: peek and recv say 0, the state is CLOSE_WAIT, epoll says RDHUP and not HUP', () => {
    const { sockets, client, server } = connected();
    expect(sockets.shutdownWrite(server)).toBe(0);
    const events = waitFor(client, EPOLLIN | EPOLLRDHUP | EPOLLET);
    expect([events & EPOLLRDHUP, events & (EPOLLHUP | EPOLLERR)]).toEqual([EPOLLRDHUP, 0]);
    expect([sockets.peek(client), sockets.tcpState(client)]).toEqual([0, TCP_CLOSE_WAIT]);
  });

  it('a reset: recv says ECONNRESET once, send says EPIPE, epoll says ERR and HUP', () => {
    const { sockets, client, server } = connected();
    expect(sockets.reset(server)).toBe(0);
    cleanups.pop();
    const events = waitFor(client, EPOLLIN | EPOLLRDHUP);
    expect(events & (EPOLLERR | EPOLLHUP)).toBe(EPOLLERR | EPOLLHUP);
    expect([sockets.peek(client), sockets.peek(client)]).toEqual([-ECONNRESET, 0]);
    expect(sendText(sockets, client, 'x')).toBe(-EPIPE);
  });

  it('a refused connect: epoll says ERR, the pending error is ECONNREFUSED and read once', () => {
    const sockets = new Sockets();
    const { fd, port } = listen(sockets);
    expect(sockets.close(fd)).toBe(0);
    cleanups.length = 0;
    const client = sockets.open();
    cleanups.push(() => sockets.close(client));
    expect(sockets.connect(client, socketAddress('127.0.0.1', port))).toBe(-EINPROGRESS);
    expect(waitFor(client, EPOLLOUT) & EPOLLERR).toBe(EPOLLERR);
    expect([sockets.pendingError(client), sockets.pendingError(client)]).toEqual([ECONNREFUSED, 0]);
  });

  it('a full send buffer: EAGAIN, and writable again when the peer has read', () => {
    const { sockets, client, server } = connected();
    const chunk = allocateNative(1 << 20);
    let sent = 0;
    for (let result = 1; result > 0; sent += Math.max(0, result)) {
      result = sockets.send(client, chunk.address, 1 << 20);
      if (result <= 0) expect(result).toBe(-EAGAIN);
    }
    let received = 0;
    while (received < sent) {
      const result = sockets.recv(server, chunk.address, 1 << 20);
      if (result > 0) received += result;
      else waitFor(server, EPOLLIN);
    }
    expect(received).toBe(sent);
    expect(waitFor(client, EPOLLOUT) & EPOLLOUT).toBe(EPOLLOUT);
    freeNative(chunk);
  });

  it('what is held for the FIN comes with it', () => {
    const { sockets, client, server } = connected();
    const chunk = allocateNative(16);
    expect(sockets.holdForFin(client)).toBe(0);
    expect(sockets.send(client, chunk.address, 5)).toBe(5);
    expect(sockets.recv(server, chunk.address, 16)).toBe(-EAGAIN);
    expect(sockets.shutdownWrite(client)).toBe(0);
    expect(sockets.tcpState(server)).toBe(TCP_CLOSE_WAIT);
    expect([sockets.recv(server, chunk.address, 16), sockets.recv(server, chunk.address, 16)]).toEqual([5, 0]);
    freeNative(chunk);
  });

  it('options are set; on a closed descriptor every call says EBADF', () => {
    const { sockets, client } = connected();
    expect([sockets.setNoDelay(client, true), sockets.setNoDelay(client, false)]).toEqual([0, 0]);
    expect([sockets.setKeepAlive(client, 1), sockets.setKeepAlive(client, 60_000)]).toEqual([0, 0]);
    const fd = sockets.open();
    expect(sockets.setFastOpenConnect(fd)).toBe(0);
    sockets.close(fd);
    expect([
      sockets.close(fd),
      sockets.setNoDelay(fd, true),
      sockets.setKeepAlive(fd, 1),
      sockets.peek(fd),
      sockets.shutdownWrite(fd),
      sockets.localPort(fd),
      sockets.tcpState(fd),
      sockets.accept(fd),
    ]).toEqual(Array.from({ length: 8 }, () => -EBADF));
    expect(sockets.pendingError(fd)).toBe(EBADF);
  });

  it("TCP_USER_TIMEOUT is the system's own until it is set, and is read back as the kernel has it", () => {
    const sockets = new Sockets();
    const fd = sockets.open();
    cleanups.push(() => sockets.close(fd));
    expect(sockets.userTimeoutMs(fd)).toBe(0);
    expect([sockets.setUserTimeout(fd, 4321), sockets.userTimeoutMs(fd)]).toEqual([0, 4321]);
    expect([sockets.setUserTimeout(-1, 1), sockets.userTimeoutMs(-1)]).toEqual([-EBADF, -EBADF]);
  });

  it('a socket that is bound without a port gets one when it connects, from the address it is bound to', () => {
    const sockets = new Sockets();
    const { fd: listening, port } = listen(sockets);
    const client = sockets.open();
    cleanups.push(() => sockets.close(client));
    expect(sockets.setBindWithoutPort(client)).toBe(0);
    expect(sockets.bind(client, socketAddress('127.0.0.9', 0))).toBe(0);
    expect(sockets.localPort(client)).toBe(0);
    expect(sockets.connect(client, socketAddress('127.0.0.1', port))).toBe(-EINPROGRESS);
    waitFor(listening, EPOLLIN);
    expect(sockets.localPort(client)).toBeGreaterThan(0);
    const table = readFileSync('/proc/self/net/tcp', 'latin1');
    const hex = (number: number): string => number.toString(16).toUpperCase().padStart(4, '0');
    expect(table).toContain(`0900007F:${hex(sockets.localPort(client))} 0100007F:${hex(port)}`);
  });
});
