/** The authority that verifies the server as a file, for a client whose process can be told of it in no other way than at its start. */
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '../clients/client.ts';
import { firstInherited } from '../kernel/ipc-child.ts';

export interface AuthorityFile {
  /** To be added to the environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
  /** For the process to inherit. */
  readonly descriptors: readonly number[];
  /** Once the process is started. */
  readonly close: () => void;
}

/**
 * Writes the file where the client needs one; else there is nothing to add. It has no name any more when this resolves, so that none is left
 * however the processes end: the one that inherits it opens it through /proc.
 */
export async function authorityFile(client: Client, caPem: string | undefined): Promise<AuthorityFile> {
  if (caPem === undefined || client.environment === undefined)
    return { environment: {}, descriptors: [], close: () => undefined };
  const folder = await mkdtemp(join(tmpdir(), 'connbench-authority-'));
  try {
    const file = join(folder, 'ca.pem');
    await writeFile(file, caPem);
    const descriptor = openSync(file, 'r');
    return {
      environment: client.environment(`/proc/self/fd/${firstInherited}`),
      descriptors: [descriptor],
      close: () => {
        closeSync(descriptor);
      },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
