/** The clients this version can run, by name. */
import type { ClientName } from '../scenario/config.ts';
import { agentkeepaliveClient } from './agentkeepalive.ts';
import { autocannonClient } from './autocannon.ts';
import type { Client } from './client.ts';
import { fetchClient } from './fetch.ts';
import { http2Client } from './http2.ts';
import { nodeHttpClient } from './node-http.ts';
import { referenceClient } from './reference.ts';
import { undiciClient } from './undici.ts';

export const clients: readonly Client[] = [
  referenceClient,
  nodeHttpClient,
  agentkeepaliveClient,
  fetchClient,
  undiciClient,
  http2Client,
  autocannonClient,
];

/** The client of that name. Validation refuses unknown ones first, so a miss is a bug. */
export function clientNamed(name: ClientName): Client {
  const client = clients.find((candidate) => candidate.name === name);
  if (client === undefined) throw new Error(`no client named ${name}`);
  return client;
}
