/** Certificates for tests, made once, and a server that speaks TLS with them. */
import { createCertificates, type Certificates } from '../../src/lab/certificates.ts';
import { connect } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { startServer, type ServerHandle } from '../../src/server/child.ts';
import type { BundledServerConfig } from '../../src/scenario/config.ts';
import { RawClient } from './raw-client.ts';

let made: Promise<Certificates> | undefined;

export function testCertificates(): Promise<Certificates> {
  return (made ??= createCertificates('ecdsa'));
}

export const plainTls = { sessionTickets: true, earlyDataBytes: 0, certificate: 'ecdsa' } as const;

export async function startSecure(
  config: BundledServerConfig,
  options: { readonly version?: '1.2' | '1.3'; readonly seed?: number; readonly countDuplicates?: boolean } = {},
): Promise<ServerHandle> {
  const { certPem, keyPem } = await testCertificates();
  const { version, seed = 1, countDuplicates = false } = options;
  const tls = { certPem, keyPem, ...(version === undefined ? {} : { version }) };
  return startServer(config, {
    seed,
    deadlineMs: 10_000,
    countDuplicates,
    ...(config.tls === undefined ? {} : { tls }),
  });
}

/** A client that has completed its handshake with a server of `startSecure`. Rejects where the handshake fails. */
export async function openSecure(port: number, options: ConnectionOptions = {}): Promise<RawClient> {
  const { caPem } = await testCertificates();
  const below = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  const socket = connectTls({ socket: below, host: '127.0.0.1', ca: caPem, ...options });
  // Node's TLS sockets take it so, and their options have no name for it.
  socket.allowHalfOpen = true;
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve).once('error', reject);
  });
  return RawClient.over(socket, below);
}
