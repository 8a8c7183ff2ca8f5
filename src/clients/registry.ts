/** The clients this version can run, by name. */
import type { ClientName } from '../scenario/config.ts';
import type { Client } from './client.ts';
import { referenceClient } from './reference.ts';

const clients: readonly Client[] = [referenceClient];

/** The client of that name. Validation refuses unknown ones first, so a miss is a bug. */
export function clientNamed(name: ClientName): Client {
  const client = clients.find((candidate) => candidate.name === name);
  if (client === undefined) throw new Error(`no client named ${name}`);
  return client;
}
