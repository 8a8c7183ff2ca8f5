/** The bundled server by itself, for as long as the caller wants it. */
import type { BundledServerConfig } from '../scenario/config.ts';
import { startServer, type ProcessEnd } from './child.ts';
import type { LiveServerSettings, ServerReport } from './messages.ts';

export interface ServeOptions {
  /** A dotted IPv4 address. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** For the delays; 1 where absent. */
  readonly seed?: number;
  readonly onListening: (at: Listening) => void;
  /** Called with a fresh report every `statsEveryMs` (1000 where absent). */
  readonly onStats?: (report: ServerReport) => void;
  readonly statsEveryMs?: number;
}

export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly settings: LiveServerSettings;
}

export interface Serving {
  /** Resolves where the server's process ends by itself; never, where it is stopped. */
  readonly died: Promise<ProcessEnd>;
  /** Ends the server, after at most `graceMs` (1000 where absent) for open connections, and gives its last report. */
  stop(graceMs?: number): Promise<ServerReport>;
}

const deadlineMs = 10_000;

/** Starts the server in a process of its own. Rejects with a ServerProcessError where it cannot start. */
export async function serve(config: BundledServerConfig, options: ServeOptions): Promise<Serving> {
  const { host, port, seed = 1, onListening, onStats, statsEveryMs = 1000 } = options;
  const server = await startServer(config, { host, port, seed, deadlineMs });
  onListening({ host: server.host, port: server.port, pid: server.pid, settings: server.settings });
  let isAsking = false;
  const ask = async (report: (figures: ServerReport) => void): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    try {
      report(await server.snapshot());
    } catch {
      clearInterval(timer); // The server is gone: `died` or `stop` tells.
    } finally {
      isAsking = false;
    }
  };
  const timer = onStats === undefined ? undefined : setInterval(() => void ask(onStats), statsEveryMs);
  return {
    died: server.died.finally(() => {
      clearInterval(timer);
    }),
    stop: (graceMs = 1000) => {
      clearInterval(timer);
      return server.stop(graceMs);
    },
  };
}
