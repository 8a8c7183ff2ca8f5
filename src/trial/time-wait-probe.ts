/** Finds out when this kernel counts a TIME_WAIT socket: at its entry into the state, or 60 s later at its end. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { KernelCounters } from '../samplers/messages.ts';
import type { TimeWaitCounting } from './comparison.ts';

/** Connections closed per round. Other programs would have to close as many within the same few milliseconds to mislead it. */
const connectionsPerRound = 16;
const rounds = 2;

/**
 * Closes a few connections on 127.0.0.1 and looks at the growth of the kernel's `TW` at once: at least as much as was closed in every
 * round means entry, less in every round means expiry. Anything else, or no counters, is unknown. Takes a few milliseconds.
 */
export async function probeTimeWaitCounting(
  readKernelCounters: () => KernelCounters | { readonly missing: string },
): Promise<TimeWaitCounting> {
  const server = createServer({ allowHalfOpen: false }, (socket) => socket.resume().on('error', () => undefined));
  try {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const growths: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const before = timeWaitCounter(readKernelCounters());
      await closeConnections(server);
      const after = timeWaitCounter(readKernelCounters());
      if (before === null || after === null) return 'unknown';
      growths.push(after - before);
    }
    return judgeGrowths(growths);
  } catch {
    return 'unknown';
  } finally {
    server.close();
  }
}

/** Exported for its test: the counter's growth in every round. */
export function judgeGrowths(growths: readonly number[]): TimeWaitCounting {
  if (growths.every((growth) => growth >= connectionsPerRound && growth < 2 * connectionsPerRound)) return 'entry';
  return growths.every((growth) => growth < connectionsPerRound) ? 'expiry' : 'unknown';
}

function timeWaitCounter(read: KernelCounters | { readonly missing: string }): number | null {
  return 'missing' in read ? null : (read.counters['TW'] ?? null);
}

/** Opens connections and ends each from the client's side; resolves when both FINs of every one have been exchanged. */
async function closeConnections(server: Server): Promise<void> {
  const { port } = server.address() as AddressInfo;
  const accepted: Promise<unknown>[] = [];
  const onConnection = (socket: Socket): void => {
    accepted.push(once(socket, 'close'));
  };
  server.on('connection', onConnection);
  const clients = Array.from({ length: connectionsPerRound }, async () => {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    socket.resume().end();
    await once(socket, 'close');
  });
  await Promise.all(clients);
  await Promise.all(accepted);
  server.off('connection', onConnection);
}
