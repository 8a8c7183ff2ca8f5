/** Encodes the request of a trial: built once, sent as it is each time. */

export interface RequestShape {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Origin-form target (RFC 9112 §3.2.1), for example `/page?x=1`. */
  readonly path: string;
  /** Name, IPv4 address or bracketed IPv6 address, without a port. */
  readonly host: string;
  readonly port: number;
  readonly versionMinor: 0 | 1;
  readonly connection: 'close' | 'keep-alive';
}

/** Visible ASCII but what would end or change the target: no space, no control, no fragment. */
const targetPattern = /^\/[!"$-~]*$/;
/** What a host may be made of (RFC 3986 §3.2.2), without looking closer at addresses. */
const hostPattern = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])$/;

/**
 * The bytes of the request. The Connection field is always sent, as Node's Agent and undici do: HTTP/1.0 needs it to persist, HTTP/1.1 to
 * close (RFC 9112 §9.3, §9.6). POST and PUT have an empty body and say so (RFC 9110 §8.6). Throws a RangeError on a path, host or port that
 * cannot be sent, such as one with a line break in it.
 */
export function encodeRequest(request: RequestShape): Uint8Array {
  const { method, path, host, port } = request;
  if (!targetPattern.test(path)) throw new RangeError(`not a path that a request can carry: ${JSON.stringify(path)}`);
  if (!hostPattern.test(host)) throw new RangeError(`not a host that a request can carry: ${JSON.stringify(host)}`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`not a port: ${port}`);
  const lines = [
    `${method} ${path} HTTP/1.${request.versionMinor}`,
    `Host: ${host}${port === 80 ? '' : `:${port}`}`,
    `Connection: ${request.connection}`,
    'User-Agent: connbench',
  ];
  if (method === 'POST' || method === 'PUT') lines.push('Content-Length: 0');
  return new TextEncoder().encode(`${lines.join('\r\n')}\r\n\r\n`);
}
