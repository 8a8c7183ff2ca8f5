/** A bare TCP client that says exactly what it is told and closes only when it is told. */
import { connect, type Socket } from 'node:net';
import { Sockets } from '../../src/kernel/sockets.ts';

export interface RawResponse {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/**
 * libuv reports a reset that arrives together with data as an end (uv__stream_io in src/unix/stream.c). Of a socket whose own side is open the
 * kernel knows better: closed by a reset, or waiting for its close.
 */
function isClosedByReset(socket: Socket): boolean {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd: number } | null };
  return !socket.writableEnded && handle?.fd !== undefined && handle.fd >= 0 && sockets.tcpState(handle.fd) === closed;
}

/** TCP_CLOSE of include/net/tcp_states.h. */
const closed = 7;
const sockets = new Sockets();

export class RawClient {
  readonly socket: Socket;
  /** Resolves with 'fin' or 'reset' when the server ends the connection. */
  readonly ended: Promise<'fin' | 'reset'>;
  #received = '';
  #isEnded = false;
  #onChange: () => void = () => undefined;

  /** What a reset goes to: below TLS the TCP connection. */
  readonly #below: Socket;

  private constructor(socket: Socket, below = socket) {
    this.socket = socket;
    this.#below = below;
    socket.setEncoding('latin1').setNoDelay(true);
    this.ended = new Promise((resolve) => {
      socket.on('end', () => {
        resolve(isClosedByReset(socket) ? 'reset' : 'fin');
      });
      socket.on('error', () => {
        resolve('reset');
      });
    });
    void this.ended.then(() => {
      this.#isEnded = true;
      this.#onChange();
    });
    socket.on('data', (text: string) => {
      this.#received += text;
      this.#onChange();
    });
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    return new RawClient(socket);
  }

  /** Over a connection that somebody else opened, for example a TLS socket. */
  static over(socket: Socket, below: Socket = socket): RawClient {
    return new RawClient(socket, below);
  }

  /** Waits until what was not taken as a response ends with `text`, or the connection has ended. */
  async received(text: string): Promise<void> {
    while (!this.#isEnded && !this.#received.endsWith(text)) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** The next response; `headOnly` for the answer to HEAD. Rejects where the connection ends before it is whole. */
  async response(headOnly = false): Promise<RawResponse> {
    for (;;) {
      const parsed = takeResponse(this.#received, headOnly);
      if (parsed !== null) {
        this.#received = parsed.rest;
        return parsed.response;
      }
      if (this.#isEnded) throw new Error(`the connection ended after ${JSON.stringify(this.#received)}`);
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }

  /** What has come and was not taken as a response. */
  get rest(): string {
    return this.#received;
  }

  /** Sends our FIN and waits for the server's. */
  async close(): Promise<void> {
    this.socket.end();
    await this.ended;
  }

  /** Our FIN, below TLS and without its goodbye. */
  endBelow(): void {
    this.#below.end();
  }

  reset(): void {
    this.#below.resetAndDestroy();
  }
}

export function request(
  options: { method?: string; version?: '1.0' | '1.1'; headers?: readonly string[]; body?: string } = {},
): string {
  const { method = 'GET', version = '1.1', headers = [], body = '' } = options;
  return [`${method} / HTTP/${version}`, 'Host: localhost', ...headers, '', body].join('\r\n');
}

function takeResponse(text: string, headOnly: boolean): { response: RawResponse; rest: string } | null {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const head = text.slice(0, headEnd);
  const status = Number(/^HTTP\/1\.[01] (\d{3}) /.exec(head)?.[1]);
  const after = text.slice(headEnd + 4);
  if (headOnly) return { response: { status, head, body: '' }, rest: after };
  if (/^transfer-encoding: chunked$/im.test(head)) return takeChunks(status, head, after);
  const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
  if (after.length < length) return null;
  return { response: { status, head, body: after.slice(0, length) }, rest: after.slice(length) };
}

function takeChunks(status: number, head: string, text: string): { response: RawResponse; rest: string } | null {
  let body = '';
  let offset = 0;
  for (;;) {
    const lineEnd = text.indexOf('\r\n', offset);
    if (lineEnd < 0) return null;
    const size = parseInt(text.slice(offset, lineEnd), 16);
    const end = lineEnd + 2 + size + 2;
    if (text.length < end) return null;
    body += text.slice(lineEnd + 2, end - 2);
    offset = end;
    if (size === 0) return { response: { status, head, body }, rest: text.slice(offset) };
  }
}
