/** Response encoding: exact bytes, what HTTP forbids, and that both our parser and Node's client read back what was meant. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ResponseShape, encodeResponse } from '../../src/http/response.ts';
import { askNodeClient } from './node-client.ts';
import { readResponse } from './read-message.ts';

const plain: ResponseShape = {
  status: 200,
  bodyBytes: 3,
  framing: 'length',
  connection: 'keep-alive',
  keepAliveTimeoutSeconds: null,
  keepAliveMax: null,
  versionMinor: 1,
};
const text = (shape: Partial<ResponseShape>): string =>
  new TextDecoder().decode(encodeResponse({ ...plain, ...shape }));
const type = 'Content-Type: application/octet-stream\r\n';

describe('encodeResponse', () => {
  it.each<[string, Partial<ResponseShape>, string]>([
    ['length', {}, `HTTP/1.1 200 OK\r\n${type}Content-Length: 3\r\nConnection: keep-alive\r\n\r\nxxx`],
    [
      'chunked',
      { framing: 'chunked', bodyBytes: 17 },
      `HTTP/1.1 200 OK\r\n${type}Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n11\r\n${'x'.repeat(17)}\r\n0\r\n\r\n`,
    ],
    [
      'chunked and empty',
      { framing: 'chunked', bodyBytes: 0 },
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n',
    ],
    ['empty', { bodyBytes: 0 }, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n'],
    [
      'timeout and max',
      { keepAliveTimeoutSeconds: 5, keepAliveMax: 100 },
      `HTTP/1.1 200 OK\r\n${type}Content-Length: 3\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5, max=100\r\n\r\nxxx`,
    ],
    [
      'max alone, HTTP/1.0',
      { keepAliveMax: 0, versionMinor: 0 },
      `HTTP/1.0 200 OK\r\n${type}Content-Length: 3\r\nConnection: keep-alive\r\nKeep-Alive: max=0\r\n\r\nxxx`,
    ],
    [
      'close gives no hint',
      { connection: 'close', keepAliveTimeoutSeconds: 5, keepAliveMax: 1 },
      `HTTP/1.1 200 OK\r\n${type}Content-Length: 3\r\nConnection: close\r\n\r\nxxx`,
    ],
    [
      'to HEAD: the same head',
      { headRequest: true, framing: 'chunked' },
      `HTTP/1.1 200 OK\r\n${type}Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n`,
    ],
    [
      '204 has no length (RFC 9110 §8.6)',
      { status: 204, bodyBytes: 0 },
      'HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n',
    ],
    [
      'a status without a known reason',
      { status: 299, bodyBytes: 0 },
      'HTTP/1.1 299 \r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n',
    ],
  ])('%s', (_name, shape, expected) => {
    expect(text(shape)).toBe(expected);
  });

  it.each<[string, Partial<ResponseShape>]>([
    ['chunked to HTTP/1.0 (RFC 9112 §7.1)', { framing: 'chunked', versionMinor: 0 }],
    ['a body in 204', { status: 204 }],
    ['a body in 304', { status: 304 }],
    ['an interim status', { status: 100 }],
    ['a status beyond 599', { status: 600 }],
    ['a negative body', { bodyBytes: -1 }],
    ['half an octet', { bodyBytes: 0.5 }],
    ['an endless body', { bodyBytes: Infinity }],
    ['a negative timeout', { keepAliveTimeoutSeconds: -1 }],
    ['a fraction of a second', { keepAliveTimeoutSeconds: 1.5 }],
    ['an endless max', { keepAliveMax: Infinity }],
  ])('refuses %s', (_name, shape) => {
    expect(() => encodeResponse({ ...plain, ...shape })).toThrow(RangeError);
  });

  it('is read back by our parser and by Node', async () => {
    const shapes = fc.record({
      status: fc.constantFrom(200, 204, 304, 404, 503),
      bodyBytes: fc.nat(5000),
      framing: fc.constantFrom('length' as const, 'chunked' as const),
      connection: fc.constantFrom('close' as const, 'keep-alive' as const),
      keepAliveTimeoutSeconds: fc.option(fc.nat(1000)),
      keepAliveMax: fc.option(fc.nat(1000)),
      versionMinor: fc.constantFrom(0 as const, 1 as const),
      headRequest: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async (drawn) => {
        const bodiless = drawn.status === 204 || drawn.status === 304;
        const shape: ResponseShape = {
          ...drawn,
          bodyBytes: bodiless ? 0 : drawn.bodyBytes,
          framing: drawn.versionMinor === 0 ? 'length' : drawn.framing,
        };
        const bytes = encodeResponse(shape);
        const { headRequest } = drawn;
        const keepAlive = shape.connection === 'keep-alive';
        const bodyBytes = headRequest ? 0 : shape.bodyBytes;
        const { keepAliveTimeoutSeconds: timeout, keepAliveMax: max } = shape;
        expect(readResponse(bytes, { headRequest, end: false })).toMatchObject({
          ...{
            taken: bytes.length,
            done: true,
            status: shape.status,
            versionMinor: shape.versionMinor,
            keepAlive,
            bodyBytes,
          },
          hintTimeoutMs: keepAlive && timeout !== null ? timeout * 1000 : -1,
          hintMax: keepAlive && max !== null ? max : -1,
        });
        const node = await askNodeClient(bytes, headRequest ? 'HEAD' : 'GET');
        expect(node).toEqual({ outcome: 'complete', status: shape.status, bodyBytes, keepAlive, reason: '' });
      }),
      { numRuns: 300 },
    );
  });
});
