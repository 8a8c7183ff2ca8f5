/** What the process that hosts a program of connbench's knows of it, whichever it is; and how such a program listens and ends. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate as immediately } from 'node:timers/promises';
import type { Endpoint, HopReport, LiveHopSettings } from './messages.ts';

export interface RunningHop extends Endpoint {
  readonly settings: LiveHopSettings;
  report(): HopReport;
  /** Stops accepting, lets open connections end for `graceMs`, ends the rest, and resolves once none is left. */
  stop(graceMs: number): Promise<void>;
}

export interface HopOptions<Config> {
  readonly config: Config;
  /** A dotted IPv4 address. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly upstream: Endpoint;
}

/** A hop that could not start, with a code for programs and a sentence for people. */
export class HopFailed extends Error {
  override readonly name = 'HopFailed';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** As long as the kernel allows by default (net.core.somaxconn), so that no burst of connections waits for it. */
const backlog = 4096;

/** Rejects with a HopFailed where the address cannot be bound. Connections stay half open until this side closes them, too. */
export async function listen(
  { host, port }: Endpoint,
  onConnection: (socket: Socket) => void,
): Promise<{ readonly server: Server; readonly address: Endpoint }> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, onConnection);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? 'EUNKNOWN';
      reject(new HopFailed(code, `The hop cannot listen on ${host}:${port}: the system answered ${code}.`));
    });
    server.listen({ host, port, backlog }, resolve);
  });
  // After a successful bind only accept(2) can fail; the connection waits, and the next try is the system's.
  server.removeAllListeners('error').on('error', () => undefined);
  const bound = server.address() as AddressInfo;
  return { server, address: { host: bound.address, port: bound.port } };
}

/** The parts of a hop as its end sees them. */
export interface Ending {
  readonly server: Server;
  /** Ends every connection of a client at once. */
  readonly endClients: () => void;
  readonly closeUpstream: () => void;
  readonly destroyUpstream: () => void;
  /** How many connections are open on both sides. */
  readonly open: () => number;
}

const pollMs = 5;
/** How long the next program may take to answer the close of idle connections. */
const closeMs = 1_000;

/** Clients may end by themselves for `graceMs`; then all connections are ended, those to the next program in order where it agrees. */
export async function endHop(
  { server, endClients, closeUpstream, destroyUpstream, open }: Ending,
  graceMs: number,
): Promise<void> {
  // One whole turn of the event loop accepts what the kernel has completed already; closing the listener would reset it, uncounted.
  await immediately();
  await immediately();
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  const grace = setTimeout(endClients, graceMs);
  await closed;
  clearTimeout(grace);
  closeUpstream();
  const deadline = Date.now() + closeMs;
  while (open() > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, pollMs));
  destroyUpstream();
  while (open() > 0) await new Promise((resolve) => setTimeout(resolve, pollMs));
}
