/** The handle on a server that runs already: nothing is started, nothing is stopped, nothing is known of it but its address. */
import type { ProcessEnd } from '../kernel/ipc-child.ts';
import type { ExternalServerConfig } from '../scenario/config.ts';
import { unknownSettings, type TrialServer } from './server-handle.ts';

export function externalServer({ host, port }: ExternalServerConfig): TrialServer {
  return {
    pid: null,
    host,
    port,
    settings: unknownSettings(`external server at ${host}:${port}`),
    snapshot: () => Promise.resolve(null),
    stop: () => Promise.resolve(null),
    died: new Promise<ProcessEnd>(() => undefined),
    kill: () => Promise.resolve(),
    whyNoReport: 'an external server does not report its counts',
  };
}
