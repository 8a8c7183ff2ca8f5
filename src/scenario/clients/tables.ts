/** The tables of all clients by name. */
import type { ClientName } from '../config.ts';
import { agentkeepaliveTable } from './agentkeepalive.ts';
import { autocannonTable } from './autocannon.ts';
import { fetchTable } from './fetch.ts';
import { http2Table } from './http2.ts';
import { nodeHttpTable } from './node-http.ts';
import { referenceTable } from './reference.ts';
import type { ClientTable } from './table.ts';
import { undiciTable } from './undici.ts';

export const clientTables: Readonly<Record<ClientName, ClientTable>> = {
  reference: referenceTable,
  'node-http': nodeHttpTable,
  fetch: fetchTable,
  undici: undiciTable,
  agentkeepalive: agentkeepaliveTable,
  http2: http2Table,
  autocannon: autocannonTable,
};
