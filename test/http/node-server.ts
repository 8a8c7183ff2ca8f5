/** What Node's own HTTP server makes of given request bytes: the independent judge of the request parser. */
import http from 'node:http';
import { Duplex } from 'node:stream';

export interface ServerVerdict {
  /** The whole request, body included, reached the handler. */
  readonly complete: boolean;
  readonly bodyBytes: number;
  /** llhttp's error code and sentence, `HOST` where the server itself refused, or ''. */
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
  const seen = { complete: false, bodyBytes: 0, reason: '' };
  const wire = new Wire();
  const server = http.createServer((message, answer) => {
    message.on('data', (chunk: Buffer) => (seen.bodyBytes += chunk.length));
    message.on('end', () => {
      seen.complete = message.complete;
      answer.end();
    });
    message.on('error', () => {
      // A cut request: clientError tells why.
    });
  });
  const end = new Promise<void>((resolve) => {
    wire.on('close', resolve);
  });
  server.on('clientError', (error: NodeJS.ErrnoException & { reason?: string }) => {
    if (error.code !== 'HPE_INVALID_EOF_STATE' && error.code !== 'ECONNRESET') {
      seen.reason = `${error.code ?? ''}: ${error.reason ?? error.message}`;
    }
    wire.destroy();
  });
  server.emit('connection', wire);
  wire.push(request);
  wire.push(null);
  await end;
  server.close();
  if (seen.reason === '' && !seen.complete && wire.output.startsWith('HTTP/1.1 400')) seen.reason = 'HOST';
  return seen;
}
