/** The address of a server that runs already: from the url of the scenario to an IPv4 address and a port. */
import { isIPv4 } from 'node:net';
import { quote } from './problem.ts';
import type { Parsed } from './units.ts';

export interface ServerAddress {
  /** Dotted IPv4. */
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

const httpPort = 80;
const httpsPort = 443;
const example = 'http://127.0.0.1:8080/';
const shape = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is;

/** Reads `http://address:port/` or https; the address is a dotted IPv4 one or `localhost`, the port 80 or 443 where it is left out. */
export function parseServerUrl(input: unknown): Parsed<ServerAddress> {
  const [, scheme = '', authority = '', rest = ''] = shape.exec(typeof input === 'string' ? input : '') ?? [];
  if (typeof input !== 'string' || scheme === '')
    return refuse(`must be a url such as ${example}, not ${quote(input)}`);
  const isTls = scheme.toLowerCase() === 'https';
  if (!isTls && scheme.toLowerCase() !== 'http') {
    return refuse(`must begin with http:// or https://, not ${quote(`${scheme}://`)}`);
  }
  if (rest !== '' && rest !== '/') {
    return refuse(
      `may not go on after the port, and ${quote(rest)} does: the path of the requests is load.request.path`,
    );
  }
  return parseAuthority(authority, isTls);
}

function parseAuthority(authority: string, isTls: boolean): Parsed<ServerAddress> {
  if (authority.includes('@')) return refuse('may not hold a user name');
  if (authority.startsWith('[')) return refuse(`${quote(authority)} is an IPv6 address; this version speaks IPv4 only`);
  const [name = '', port, extra] = authority.split(':');
  const host = name.toLowerCase() === 'localhost' ? '127.0.0.1' : name;
  if (extra !== undefined || !isIPv4(host)) {
    return refuse(`must name a dotted IPv4 address or localhost, such as ${example}, not ${quote(authority)}`);
  }
  if (!isOneHost(host)) return refuse(`${host} is not the address of one host`);
  if (port === undefined) return { ok: true, value: { host, port: isTls ? httpsPort : httpPort, isTls } };
  const number = /^\d{1,5}$/.test(port) ? Number(port) : NaN;
  if (number >= 1 && number <= 65_535) return { ok: true, value: { host, port: number, isTls } };
  return refuse(`must have a port from 1 to 65535, not ${quote(port)}`);
}

/** Not `this network` (0/8, RFC 1122 3.2.1.3), and neither multicast nor reserved (224/3, RFC 5771 and RFC 1112 4). */
function isOneHost(host: string): boolean {
  const first = Number(host.split('.')[0]);
  return first !== 0 && first < 224;
}

function refuse(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}

/** The canonical url of an address. */
export function formatServerUrl({ host, port, isTls }: ServerAddress): string {
  return `${isTls ? 'https' : 'http'}://${host}:${port}/`;
}

/** True for an address of this machine alone: 127.0.0.0/8 (RFC 1122, 3.2.1.3). */
export function isLoopback(host: string): boolean {
  return isIPv4(host) && host.startsWith('127.');
}
