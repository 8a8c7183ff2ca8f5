/** What Node's own HTTP client makes of given response bytes: the independent judge of the differential test. */
import http from 'node:http';
import { Duplex } from 'node:stream';

export interface NodeVerdict {
  /** `cut`: the bytes ended too early. `dropped`: the socket was destroyed without a parse error. */
  readonly outcome: 'complete' | 'rejected' | 'cut' | 'dropped';
  /** 0 when the head was never accepted. */
  readonly status: number;
  readonly bodyBytes: number;
  /** Node's persistence decision; false when the head was never accepted. */
  readonly keepAlive: boolean;
  /** llhttp's error code and sentence, or ''. */
  readonly reason: string;
}

/** A connection whose server side says `response` as soon as the request is written, then FIN. */
class Wire extends Duplex {
  readonly #response: Uint8Array;
  #sent = false;

  constructor(response: Uint8Array) {
    super();
    this.#response = response;
  }
  override _read(): void {
    // Everything is pushed by _write.
  }
  override _write(_chunk: unknown, _encoding: string, callback: () => void): void {
    callback();
    if (this.#sent) return;
    this.#sent = true;
    if (this.#response.length > 0) this.push(this.#response);
    this.push(null);
  }
  // What http.Agent asks of a net.Socket.
  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

class WireAgent extends http.Agent {
  readonly #wire: Wire;
  constructor(wire: Wire) {
    super({ keepAlive: true });
    this.#wire = wire;
  }
  override createConnection(): Duplex {
    return this.#wire;
  }
}

/** Sends one request over a connection in memory and feeds `response` and FIN to Node's client in its default, strict mode. */
export async function askNodeClient(response: Uint8Array, method: 'GET' | 'HEAD' = 'GET'): Promise<NodeVerdict> {
  const agent = new WireAgent(new Wire(response));
  const seen = { status: 0, bodyBytes: 0, keepAlive: false, complete: false, cut: false, reason: '' };
  const request = http.request({ agent, host: '127.0.0.1', port: 80, method });
  await new Promise<void>((resolve) => {
    let open = 1;
    const closed = (): void => {
      if (--open === 0) resolve();
    };
    request.on('close', closed);
    request.on('response', (message) => {
      open++;
      seen.status = message.statusCode ?? 0;
      seen.keepAlive = request.shouldKeepAlive;
      message.on('data', (chunk: Buffer) => (seen.bodyBytes += chunk.length));
      message.on('end', () => (seen.complete = true));
      message.on('error', () => (seen.cut = true));
      message.on('close', closed);
    });
    request.on('error', (error: NodeJS.ErrnoException & { reason?: string }) => {
      if (error.code === 'ECONNRESET') seen.cut = true;
      else seen.reason = `${error.code ?? ''}: ${error.reason ?? error.message}`;
    });
    request.end();
  });
  agent.destroy();
  const { status, bodyBytes, keepAlive, reason } = seen;
  return { outcome: outcomeOf(seen), status, bodyBytes, keepAlive, reason };
}

function outcomeOf(seen: { complete: boolean; cut: boolean; reason: string }): NodeVerdict['outcome'] {
  if (seen.reason !== '') return 'rejected';
  if (seen.complete) return 'complete';
  return seen.cut ? 'cut' : 'dropped';
}
