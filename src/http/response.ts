/** Encodes a response of the reference server: built once for each kind of answer, sent as it is each time. */

export interface ResponseShape {
  /** A final status, 200 to 599. */
  readonly status: number;
  readonly bodyBytes: number;
  readonly framing: 'length' | 'chunked';
  readonly connection: 'close' | 'keep-alive';
  /** `Keep-Alive: timeout=`, or null to leave it out. Not sent with `close`. */
  readonly keepAliveTimeoutSeconds: number | null;
  /** `Keep-Alive: max=`, or null to leave it out. Not sent with `close`. */
  readonly keepAliveMax: number | null;
  readonly versionMinor: 0 | 1;
  /** The answer to a HEAD request: the same head, no body (RFC 9110 §9.3.2). */
  readonly headRequest?: boolean;
}

const reasons: ReadonlyMap<number, string> = new Map([
  [200, 'OK'],
  [204, 'No Content'],
  [304, 'Not Modified'],
  [400, 'Bad Request'],
  [404, 'Not Found'],
  [408, 'Request Timeout'],
  [413, 'Content Too Large'],
  [431, 'Request Header Fields Too Large'],
  [500, 'Internal Server Error'],
  [501, 'Not Implemented'],
  [503, 'Service Unavailable'],
  [505, 'HTTP Version Not Supported'],
]);

const filler = 'x'.charCodeAt(0);

/**
 * The bytes of head and body; the body is `x` repeated, in one chunk where it is chunked. The Connection field is always sent. Throws a
 * RangeError on what HTTP forbids: chunked to HTTP/1.0 (RFC 9112 §7.1), a body in 204 or 304 (RFC 9110 §6.4.1), numbers out of range.
 */
export function encodeResponse(response: ResponseShape): Uint8Array {
  const { status, bodyBytes, framing } = response;
  const bodiless = status === 204 || status === 304;
  requireWhole('status', status, 200, 599);
  requireWhole('bodyBytes', bodyBytes, 0, Number.MAX_SAFE_INTEGER);
  if (bodiless && bodyBytes > 0) throw new RangeError(`a ${status} response has no body`);
  if (framing === 'chunked' && response.versionMinor === 0) throw new RangeError('HTTP/1.0 has no chunked framing');

  const lines = [`HTTP/1.${response.versionMinor} ${status} ${reasons.get(status) ?? ''}`];
  if (bodyBytes > 0) lines.push('Content-Type: application/octet-stream');
  if (!bodiless) lines.push(framing === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${bodyBytes}`);
  lines.push(`Connection: ${response.connection}`);
  const hint = keepAliveValue(response);
  if (hint !== '') lines.push(`Keep-Alive: ${hint}`);
  const head = `${lines.join('\r\n')}\r\n\r\n`;
  if (bodiless || response.headRequest === true) return new TextEncoder().encode(head);
  if (framing === 'length') return join(head, bodyBytes, '');
  return bodyBytes === 0
    ? join(head, 0, '0\r\n\r\n')
    : join(`${head}${bodyBytes.toString(16)}\r\n`, bodyBytes, '\r\n0\r\n\r\n');
}

function keepAliveValue(response: ResponseShape): string {
  if (response.connection === 'close') return '';
  const { keepAliveTimeoutSeconds: timeout, keepAliveMax: max } = response;
  const parameters: string[] = [];
  if (timeout !== null)
    parameters.push(`timeout=${requireWhole('keepAliveTimeoutSeconds', timeout, 0, Number.MAX_SAFE_INTEGER)}`);
  if (max !== null) parameters.push(`max=${requireWhole('keepAliveMax', max, 0, Number.MAX_SAFE_INTEGER)}`);
  return parameters.join(', ');
}

function requireWhole(name: string, value: number, least: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${value}`);
  }
  return value;
}

function join(before: string, bodyBytes: number, after: string): Uint8Array {
  const encoder = new TextEncoder();
  const bytes = new Uint8Array(before.length + bodyBytes + after.length).fill(filler);
  bytes.set(encoder.encode(before));
  bytes.set(encoder.encode(after), before.length + bodyBytes);
  return bytes;
}
