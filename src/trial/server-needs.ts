/** What a bundled server needs beside its configuration: with TLS a certificate, with retries the order to look for requests again. */
import type { TrialConfig } from '../scenario/config.ts';
import type { StartServerOptions } from '../server/child.ts';
import type { TrialDependencies } from './dependencies.ts';

export interface ServerNeeds {
  readonly options: Pick<StartServerOptions, 'tls' | 'countDuplicates'>;
  /** For the generator: by which the client verifies the server. Absent without TLS, and of a server with a certificate of its own. */
  readonly verification: { readonly caPem?: string };
}

export async function serverNeeds(
  { server, strategy }: TrialConfig,
  { certificates }: Pick<TrialDependencies, 'certificates'>,
): Promise<ServerNeeds> {
  if (server.kind === 'command' || server.kind === 'external') return { options: {}, verification: {} };
  const numbered = strategy.retry === undefined ? {} : { countDuplicates: true };
  if (server.tls === undefined || strategy.tls === undefined) return { options: numbered, verification: {} };
  const { caPem, certPem, keyPem } = await certificates(server.tls.certificate);
  return { options: { ...numbered, tls: { certPem, keyPem, version: strategy.tls.version } }, verification: { caPem } };
}
