/** Starts the server that a scenario asks for, whichever kind it is. */
import type { ServerConfig } from '../scenario/config.ts';
import { startServer, type StartServerOptions } from './child.ts';
import { startCommandServer } from './command-server.ts';
import { externalServer } from './external-server.ts';
import type { TrialServer } from './server-handle.ts';

/** Rejects with a ServerProcessError; then no process is left behind. `seed` and `port` are for the bundled servers. */
export async function startAnyServer(config: ServerConfig, options: StartServerOptions): Promise<TrialServer> {
  switch (config.kind) {
    case 'command': {
      const { host = '127.0.0.1', launcher = [], deadlineMs } = options;
      return startCommandServer(config, { host, launcher, deadlineMs });
    }
    case 'external':
      return externalServer(config);
    default:
      return startServer(config, options);
  }
}
