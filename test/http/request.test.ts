/** Request encoding: exact bytes, what cannot be sent, and that the request parser reads back what was meant. */
import { describe, expect, it } from 'vitest';
import { type RequestShape, encodeRequest } from '../../src/http/request.ts';
import { readRequest } from './read-message.ts';

const get: RequestShape = {
  method: 'GET',
  path: '/',
  host: '127.0.0.1',
  port: 8080,
  versionMinor: 1,
  connection: 'keep-alive',
};
const text = (shape: Partial<RequestShape>): string => new TextDecoder().decode(encodeRequest({ ...get, ...shape }));

describe('encodeRequest', () => {
  it.each<[string, Partial<RequestShape>, string]>([
    [
      'HTTP/1.1 persistent',
      {},
      'GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: keep-alive\r\nUser-Agent: connbench\r\n\r\n',
    ],
    [
      'HTTP/1.1 close',
      { connection: 'close' },
      'GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: close\r\nUser-Agent: connbench\r\n\r\n',
    ],
    [
      'HTTP/1.0 persistent',
      { versionMinor: 0 },
      'GET / HTTP/1.0\r\nHost: 127.0.0.1:8080\r\nConnection: keep-alive\r\nUser-Agent: connbench\r\n\r\n',
    ],
    [
      'HTTP/1.0 close, default port',
      { versionMinor: 0, connection: 'close', port: 80, host: 'example.test' },
      'GET / HTTP/1.0\r\nHost: example.test\r\nConnection: close\r\nUser-Agent: connbench\r\n\r\n',
    ],
    [
      'Proxy-Connection in place of Connection',
      { versionMinor: 0, connectionField: 'Proxy-Connection' },
      'GET / HTTP/1.0\r\nHost: 127.0.0.1:8080\r\nProxy-Connection: keep-alive\r\nUser-Agent: connbench\r\n\r\n',
    ],
    [
      'POST says that its body is empty (RFC 9110 §8.6)',
      { method: 'POST', path: '/a/b?c=d&e=%20' },
      'POST /a/b?c=d&e=%20 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: keep-alive\r\nUser-Agent: connbench\r\nContent-Length: 0\r\n\r\n',
    ],
    [
      'PUT too, over IPv6',
      { method: 'PUT', host: '[::1]' },
      'PUT / HTTP/1.1\r\nHost: [::1]:8080\r\nConnection: keep-alive\r\nUser-Agent: connbench\r\nContent-Length: 0\r\n\r\n',
    ],
    [
      'DELETE has no body to speak of',
      { method: 'DELETE' },
      'DELETE / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: keep-alive\r\nUser-Agent: connbench\r\n\r\n',
    ],
    [
      'a body of zeros, with its length',
      { method: 'POST', bodyBytes: 3 },
      'POST / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: keep-alive\r\nUser-Agent: connbench\r\nContent-Length: 3\r\n\r\n\0\0\0',
    ],
    [
      'fields in the order given',
      { headers: { 'X-B': '1', Accept: 'a, b\tc' } },
      'GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: keep-alive\r\nUser-Agent: connbench\r\nX-B: 1\r\nAccept: a, b\tc\r\n\r\n',
    ],
    [
      'a host and a user agent of its own',
      { headers: { 'user-agent': 'me/1', HOST: 'shop.test', Empty: '' } },
      'GET / HTTP/1.1\r\nConnection: keep-alive\r\nuser-agent: me/1\r\nHOST: shop.test\r\nEmpty: \r\n\r\n',
    ],
  ])('%s', (_name, shape, expected) => {
    expect(text(shape)).toBe(expected);
  });

  it.each<[string, Partial<RequestShape>]>([
    ['CR LF in the path', { path: '/\r\nX: y' }],
    ['CR LF in a field', { headers: { X: 'a\r\nB: c' } }],
    ['a line break at the end of a field', { headers: { X: 'a\n' } }],
    ['a space before a field', { headers: { X: ' a' } }],
    ['a name that is no token', { headers: { 'X Y': 'a' } }],
    ['a name with a colon', { headers: { 'X:': 'a' } }],
    ['no name', { headers: { '': 'a' } }],
    ['one field twice', { headers: { X: 'a', x: 'b' } }],
    ['framing of its own', { headers: { 'Content-Length': '5' } }],
    ['another framing', { headers: { 'transfer-encoding': 'chunked' } }],
    ['persistence of its own', { headers: { connection: 'close' } }],
    ['half a byte of body', { method: 'POST', bodyBytes: 0.5 }],
    ['a negative body', { method: 'POST', bodyBytes: -1 }],
    ['LF at the end of the path', { path: '/\n' }],
    ['a space in the path', { path: '/a b' }],
    ['a tab in the path', { path: '/\t' }],
    ['NUL in the path', { path: '/\0' }],
    ['DEL in the path', { path: '/\x7f' }],
    ['a letter beyond ASCII in the path', { path: '/é' }],
    ['a fragment', { path: '/a#b' }],
    ['a path that does not start with /', { path: 'a' }],
    ['an empty path', { path: '' }],
    ['CR LF in the host', { host: 'a\r\nX: y' }],
    ['LF at the end of the host', { host: 'a\n' }],
    ['a space in the host', { host: 'a b' }],
    ['a port in the host', { host: 'a:80' }],
    ['user information in the host', { host: 'me@a' }],
    ['an IPv6 address without brackets', { host: '::1' }],
    ['an empty host', { host: '' }],
    ['port 0', { port: 0 }],
    ['port 65536', { port: 65_536 }],
    ['a fraction of a port', { port: 80.5 }],
  ])('refuses %s', (_name, shape) => {
    expect(() => encodeRequest({ ...get, ...shape })).toThrow(RangeError);
  });

  it.each([
    ['GET', 1, 'keep-alive', 1, true],
    ['HEAD', 1, 'close', 2, false],
    ['POST', 1, 'keep-alive', 3, true],
    ['PUT', 0, 'keep-alive', 4, true],
    ['DELETE', 0, 'close', 5, false],
  ] as const)(
    '%s HTTP/1.%i %s is read back by the request parser',
    (method, versionMinor, connection, code, keepAlive) => {
      const bytes = encodeRequest({ ...get, method, versionMinor, connection });
      expect(readRequest(bytes)).toEqual({
        ...{
          taken: bytes.length,
          done: true,
          error: 'NONE',
          started: true,
          headDone: true,
          method: code,
          isHead: method === 'HEAD',
        },
        ...{ versionMinor, keepAlive, bodyBytes: 0, headBytes: bytes.length },
      });
    },
  );
});
