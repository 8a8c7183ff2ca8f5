/** What a bundled server needs beside its configuration: with TLS a certificate, with retries the order to look for requests again. */
import { readFile } from 'node:fs/promises';
import type { CommandServerConfig, ExternalServerConfig, TrialConfig } from '../scenario/config.ts';
import { sendsAgain } from '../clients/sends-again.ts';
import { StepFailure } from './deadlines.ts';
import type { StartServerOptions } from '../server/child.ts';
import type { TrialDependencies } from './dependencies.ts';

export interface ServerNeeds {
  readonly options: Pick<StartServerOptions, 'tls' | 'countDuplicates'>;
  /** For the generator: by which the client verifies the server. Absent without TLS, and where the authorities of the system are meant. */
  readonly verification: { readonly caPem?: string };
}

/** Of a server with a certificate of its own: the scenario's authority, or that of the system. */
async function ownAuthority({ ca }: CommandServerConfig | ExternalServerConfig): Promise<ServerNeeds['verification']> {
  if (ca === undefined) return {};
  try {
    return { caPem: await readFile(ca, 'utf8') };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StepFailure('server-unreachable', `server.ca cannot be read: ${reason}`);
  }
}

export async function serverNeeds(
  config: TrialConfig,
  { certificates }: Pick<TrialDependencies, 'certificates'>,
): Promise<ServerNeeds> {
  const { server, strategy } = config;
  if (server.kind === 'command' || server.kind === 'external') {
    return { options: {}, verification: await ownAuthority(server) };
  }
  const numbered = sendsAgain(config) ? { countDuplicates: true } : {};
  if (server.tls === undefined || strategy.tls === undefined) return { options: numbered, verification: {} };
  const { caPem, certPem, keyPem } = await certificates(server.tls.certificate);
  return { options: { ...numbered, tls: { certPem, keyPem, version: strategy.tls.version } }, verification: { caPem } };
}
