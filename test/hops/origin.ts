/** A server that shows every octet that it gets and answers exactly what the test says. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Endpoint } from '../../src/hops/messages.ts';

/** A request as it came, its body with it. */
export interface SeenRequest {
  readonly text: string;
  /** From 0, in the order of their first request or, without one, of their end. */
  readonly connection: number;
  readonly socket: Socket;
  /** Whether it is the first on its connection. */
  readonly isFirst: boolean;
}

export class Origin {
  readonly requests: SeenRequest[] = [];
  accepted = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #onChange: (() => void)[] = [];
  open = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(answer: (request: SeenRequest) => void): Promise<Origin> {
    const server = createServer({ allowHalfOpen: true });
    const origin = new Origin(server);
    server.on('connection', (socket: Socket) => {
      origin.#accept(socket, answer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return origin;
  }

  get endpoint(): Endpoint {
    const { port } = this.#server.address() as AddressInfo;
    return { host: '127.0.0.1', port };
  }

  /** Waits until the condition holds; it is looked at after every event. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#onChange.push(resolve);
      });
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(socket: Socket, answer: (request: SeenRequest) => void): void {
    const connection = this.accepted++;
    this.open++;
    this.#sockets.add(socket);
    let received = '';
    let isFirst = true;
    socket.setEncoding('latin1').setNoDelay(true);
    socket.on('data', (text: string) => {
      received += text;
      for (let end = requestEnd(received); end > 0; end = requestEnd(received)) {
        const request = { text: received.slice(0, end), connection, socket, isFirst };
        received = received.slice(end);
        isFirst = false;
        this.requests.push(request);
        answer(request);
      }
      this.#change();
    });
    socket.on('end', () => {
      socket.end();
      this.#change();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.open--;
      this.#sockets.delete(socket);
      this.#change();
    });
    this.#change();
  }

  #change(): void {
    for (const resolve of this.#onChange.splice(0)) resolve();
  }
}

/** Offset after a whole request, or 0. */
function requestEnd(text: string): number {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return 0;
  const fields = text.slice(0, head + 2);
  if (/\r\ntransfer-encoding:/i.test(fields)) {
    const end = text.indexOf('0\r\n\r\n', head + 4);
    return end < 0 ? 0 : end + 5;
  }
  const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(fields)?.[1] ?? 0);
  return text.length < head + 4 + length ? 0 : head + 4 + length;
}

/** A response with a length. */
export function ok(body = 'hello', fields: readonly string[] = []): string {
  return ['HTTP/1.1 200 OK', `Content-Length: ${body.length}`, ...fields, '', body].join('\r\n');
}

/** A port on which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
