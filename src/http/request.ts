/** Encodes a request of a trial, head and body: built once, sent as it is each time. */

/** Proxy-Connection is what clients of a proxy sent in place of Connection (RFC 9112 §C.2.2). */
export type ConnectionField = 'Connection' | 'Proxy-Connection';

export interface RequestShape {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Origin-form target (RFC 9112 §3.2.1), for example `/page?x=1`. */
  readonly path: string;
  /** Name, IPv4 address or bracketed IPv6 address, without a port. */
  readonly host: string;
  readonly port: number;
  readonly versionMinor: 0 | 1;
  readonly connection: 'close' | 'keep-alive';
  /** The field that says so; Connection where it is absent. */
  readonly connectionField?: ConnectionField;
  /** Length of the body, zeros; absent: no body. */
  readonly bodyBytes?: number;
  /** Fields to send beside those made here, in this order; `Host` and `User-Agent` stand in place of the ones made here. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Fields of which the encoder is the master: framing, persistence, and what would ask for another protocol or an interim response. */
const reservedFields: readonly string[] = [
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** A token (RFC 9110 §5.6.2). */
const fieldNamePattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Visible ASCII, with spaces and tabs within (RFC 9110 §5.5, without obs-text). */
const fieldValuePattern = /^(?:[!-~](?:[\t -~]*[!-~])?)?$/;

/** Visible ASCII but what would end or change the target: no space, no control, no fragment. */
const targetPattern = /^\/[!"$-~]*$/;
/** What a host may be made of (RFC 3986 §3.2.2), without looking closer at addresses. */
const hostPattern = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])$/;

/**
 * The bytes of the request. The Connection field is always sent, as Node's Agent and undici do: HTTP/1.0 needs it to persist, HTTP/1.1 to
 * close (RFC 9112 §9.3, §9.6). POST and PUT say how long their body is, also where it is empty (RFC 9110 §8.6); other methods only where
 * they have one. Throws a RangeError on a path, host, port, field or length that cannot be sent, such as one with a line break in it.
 */
export function encodeRequest(request: RequestShape): Uint8Array {
  const { method, path, host, port, bodyBytes = 0, headers = {} } = request;
  if (!targetPattern.test(path)) throw new RangeError(`not a path that a request can carry: ${JSON.stringify(path)}`);
  if (!hostPattern.test(host)) throw new RangeError(`not a host that a request can carry: ${JSON.stringify(host)}`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`not a port: ${port}`);
  if (!Number.isSafeInteger(bodyBytes) || bodyBytes < 0) throw new RangeError(`not a length of a body: ${bodyBytes}`);
  assertFields(headers);
  const given = Object.keys(headers).map((name) => name.toLowerCase());
  const lines = [`${method} ${path} HTTP/1.${request.versionMinor}`];
  if (!given.includes('host')) lines.push(`Host: ${host}${port === 80 ? '' : `:${port}`}`);
  lines.push(`${request.connectionField ?? 'Connection'}: ${request.connection}`);
  if (!given.includes('user-agent')) lines.push('User-Agent: connbench');
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (bodyBytes > 0 || method === 'POST' || method === 'PUT') lines.push(`Content-Length: ${bodyBytes}`);
  const head = new TextEncoder().encode(`${lines.join('\r\n')}\r\n\r\n`);
  const bytes = new Uint8Array(head.length + bodyBytes);
  bytes.set(head);
  return bytes;
}

function assertFields(headers: Readonly<Record<string, string>>): void {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const plain = name.toLowerCase();
    const isSound = fieldNamePattern.test(name) && !reservedFields.includes(plain) && !seen.has(plain);
    if (!isSound) throw new RangeError(`not a field that a request can be given: ${JSON.stringify(name)}`);
    if (!fieldValuePattern.test(value))
      throw new RangeError(`not a value that ${name} can carry: ${JSON.stringify(value)}`);
    seen.add(plain);
  }
}
