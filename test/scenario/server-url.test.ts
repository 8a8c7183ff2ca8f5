import { describe, expect, it } from 'vitest';
import { formatServerUrl, isLoopback, parseServerUrl } from '../../src/scenario/server-url.ts';

describe('the url of a server', () => {
  it.each([
    ['http://127.0.0.1:8080/', { host: '127.0.0.1', port: 8080, isTls: false }],
    ['http://127.0.0.1:8080', { host: '127.0.0.1', port: 8080, isTls: false }],
    ['http://10.1.2.3', { host: '10.1.2.3', port: 80, isTls: false }],
    ['HTTP://LocalHost:1/', { host: '127.0.0.1', port: 1, isTls: false }],
    ['http://192.0.2.1:65535/', { host: '192.0.2.1', port: 65_535, isTls: false }],
    ['https://127.0.0.1/', { host: '127.0.0.1', port: 443, isTls: true }],
    ['HTTPS://127.0.0.1:8443', { host: '127.0.0.1', port: 8443, isTls: true }],
  ])('%s', (url, address) => {
    const parsed = parseServerUrl(url);
    expect(parsed).toEqual({ ok: true, value: address });
    expect(parseServerUrl(formatServerUrl(address))).toEqual(parsed);
  });

  it.each([
    [8080, 'must be a url such as http://127.0.0.1:8080/, not 8080'],
    ['127.0.0.1:8080', 'must be a url such as http://127.0.0.1:8080/, not "127.0.0.1:8080"'],
    ['ftp://127.0.0.1/', 'must begin with http:// or https://, not "ftp://"'],
    [
      'http://127.0.0.1/api',
      'may not go on after the port, and "/api" does: the path of the requests is load.request.path',
    ],
    [
      'http://127.0.0.1?x',
      'may not go on after the port, and "?x" does: the path of the requests is load.request.path',
    ],
    ['http://me:secret@127.0.0.1/', 'may not hold a user name'],
    ['http://[::1]:80/', '"[::1]:80" is an IPv6 address; this version speaks IPv4 only'],
    [
      'http://example.org/',
      'must name a dotted IPv4 address or localhost, such as http://127.0.0.1:8080/, not "example.org"',
    ],
    ['http://127.1/', 'must name a dotted IPv4 address or localhost, such as http://127.0.0.1:8080/, not "127.1"'],
    [
      'http://127.0.0.1:80:80/',
      'must name a dotted IPv4 address or localhost, such as http://127.0.0.1:8080/, not "127.0.0.1:80:80"',
    ],
    ['http:///', 'must name a dotted IPv4 address or localhost, such as http://127.0.0.1:8080/, not ""'],
    ['http://0.0.0.0:80/', '0.0.0.0 is not the address of one host'],
    ['http://224.0.0.1/', '224.0.0.1 is not the address of one host'],
    ['http://255.255.255.255/', '255.255.255.255 is not the address of one host'],
    ['http://127.0.0.1:0/', 'must have a port from 1 to 65535, not "0"'],
    ['http://127.0.0.1:65536/', 'must have a port from 1 to 65535, not "65536"'],
    ['http://127.0.0.1:/', 'must have a port from 1 to 65535, not ""'],
    ['http://127.0.0.1:8e1/', 'must have a port from 1 to 65535, not "8e1"'],
  ])('refuses %s', (url, message) => {
    expect(parseServerUrl(url)).toEqual({ ok: false, message });
  });
});

it.each([
  ['127.0.0.1', true],
  ['127.255.0.9', true],
  ['10.0.0.1', false],
  ['128.0.0.1', false],
  ['127.evil.example', false],
  ['localhost', false],
])('%s is loopback: %s', (host, loopback) => {
  expect(isLoopback(host)).toBe(loopback);
});
