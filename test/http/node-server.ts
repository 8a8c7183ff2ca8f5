/** What Node's own HTTP server makes of given request bytes: the independent judge of the request parser. */
import http from 'node:http';
import { Duplex } from 'node:stream';

export interface ServerVerdict {
  /** `cut`: the bytes ended too early, or there was no request in them. */
  readonly outcome: 'complete' | 'rejected' | 'cut';
  readonly bodyBytes: number;
  /** Node's persistence decision; false unless complete. */
  readonly keepAlive: boolean;
  /** llhttp's error code and sentence, `Host` where the server refused for want of one, or ''. */
  readonly reason: string;
}

class Wire extends Duplex {
  output = '';
  override _read(): void {
    // Everything is pushed from outside.
  }
  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.output += chunk.toString('latin1');
    callback();
  }
}

/** Feeds `request` and FIN over a connection in memory to an `http.Server` in its default, strict mode. */
export async function askNodeServer(request: Uint8Array): Promise<ServerVerdict> {
  const seen = { complete: false, keepAlive: false, bodyBytes: 0, reason: '' };
  const wire = new Wire();
  const server = http.createServer((message, answer) => {
    message.on('data', (chunk: Buffer) => (seen.bodyBytes += chunk.length));
    message.on('end', () => {
      seen.complete = message.complete;
      seen.keepAlive = answer.shouldKeepAlive;
      answer.end();
    });
    message.on('error', () => {
      // A cut or refused body: clientError says which.
    });
  });
  server.on('clientError', (error: NodeJS.ErrnoException & { reason?: string }) => {
    const cut = error.code === 'HPE_INVALID_EOF_STATE' || error.code === 'ECONNRESET';
    if (!cut) seen.reason = `${error.code ?? ''}: ${error.reason ?? error.message}`;
    wire.destroy();
  });
  const closed = new Promise<void>((resolve) => {
    wire.on('close', resolve);
  });
  server.emit('connection', wire);
  wire.push(request);
  wire.push(null);
  await closed;
  server.close();
  const { complete, keepAlive, bodyBytes } = seen;
  if (seen.reason === '' && !complete && wire.output.startsWith('HTTP/1.1 400')) seen.reason = 'Host';
  if (seen.reason !== '') return { outcome: 'rejected', bodyBytes, keepAlive: false, reason: seen.reason };
  return { outcome: complete ? 'complete' : 'cut', bodyBytes, keepAlive, reason: '' };
}
