/** Rules of encryption and early data: what the server, the version and the requests have to do with them. */
import type { BrokenRule } from './broken-rule.ts';
import type { FilledConfig } from './defaults.ts';
import { parseServerUrl } from './server-url.ts';
import type { ConfigPatch } from './schema.ts';

/** Early data may be replayed, so a client must not send anything else in it (RFC 8470, 4; RFC 9110, 9.2.1). */
const safeMethods: readonly string[] = ['GET', 'HEAD'];

/** The rules of encryption that a variant breaks. */
export function tlsRules(patch: ConfigPatch, filled: FilledConfig): readonly BrokenRule[] {
  return [...urlRules(filled), ...ownServerRules(filled), ...earlyDataRules(patch, filled)];
}

function urlRules({ server, strategy }: FilledConfig): readonly BrokenRule[] {
  if (server.kind !== 'external') return [];
  const parsed = parseServerUrl(server.url);
  if (!parsed.ok || parsed.value.isTls === (strategy.tls !== 'off')) return [];
  const message = parsed.value.isTls
    ? 'begins with https, but strategy.tls is off; turn it on'
    : 'begins with http, but strategy.tls is on; write https';
  return [{ rule: 'url-tls', paths: ['server.url', 'strategy.tls'], message }];
}

function ownServerRules({ server, strategy }: FilledConfig): readonly BrokenRule[] {
  if (!('ca' in server) && server.kind !== 'command') return [];
  const broken: BrokenRule[] = [];
  if (server.ca !== undefined && strategy.tls === 'off') {
    const message = 'verifies a certificate, but strategy.tls is off, so that there is none';
    broken.push({ rule: 'ca-tls', paths: ['server.ca', 'strategy.tls'], message });
  }
  if (server.kind === 'command' && server.readyPath !== 'none' && strategy.tls !== 'off') {
    const message = 'is asked for in clear text, which a server with strategy.tls does not answer; use none';
    broken.push({ rule: 'ready-path-tls', paths: ['server.readyPath', 'strategy.tls'], message });
  }
  return broken;
}

function earlyDataRules(patch: ConfigPatch, filled: FilledConfig): readonly BrokenRule[] {
  const { strategy, server, load } = filled;
  const broken: BrokenRule[] = [];
  if ('tls' in server && server.kind === 'node' && server.tls.earlyData !== 'off') {
    const message = "is not possible with server.kind node: Node's TLS has no call for early data; use kind reference";
    broken.push({ rule: 'early-data-node', paths: ['server.tls.earlyData', 'server.kind'], message });
  }
  const { tls } = strategy;
  if (tls === 'off' || tls.resumption !== 'early-data') return broken;
  const path = 'strategy.tls.resumption';
  if (tls.version !== '1.3') {
    const message = `early-data needs version 1.3 (RFC 8446, 2.3); it is ${tls.version}`;
    broken.push({ rule: 'early-data-version', paths: [path, 'strategy.tls.version'], message });
  }
  const requests = 'request' in load ? [load.request] : load.requests;
  const unsafe = requests.find(({ method }) => !safeMethods.includes(method));
  if (unsafe !== undefined) {
    const where = 'request' in load ? 'load.request.method' : 'load.requests';
    const message = `early-data is for GET and HEAD (RFC 8470, 4), but a request is ${unsafe.method}`;
    broken.push({ rule: 'early-data-method', paths: [path, where], message });
  }
  if ('tls' in server && server.tls.earlyData === 'off' && patch.server?.tls?.earlyData === undefined) {
    const message =
      'early-data needs a server that takes it: server.kind reference with server.tls.earlyData, such as 16kB; write earlyData: off to see it refused';
    broken.push({ rule: 'early-data-server', paths: [path, 'server.kind'], message });
  }
  return broken;
}
