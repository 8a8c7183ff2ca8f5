/** The authority that verifies the server as a file, for a client whose process can be told of it in no other way than at its start. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '../clients/client.ts';

export interface AuthorityFile {
  /** To be added to the environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Once the process has ended: it may read the file at its first connection. Never rejects. */
  readonly remove: () => Promise<void>;
}

/** Writes the file where the client needs one; else there is nothing to add and to remove. */
export async function authorityFile(client: Client, caPem: string | undefined): Promise<AuthorityFile> {
  if (caPem === undefined || client.environment === undefined)
    return { environment: {}, remove: () => Promise.resolve() };
  const folder = await mkdtemp(join(tmpdir(), 'connbench-authority-'));
  const file = join(folder, 'ca.pem');
  await writeFile(file, caPem);
  return {
    environment: client.environment(file),
    remove: () => rm(folder, { recursive: true, force: true }).catch(() => undefined),
  };
}
