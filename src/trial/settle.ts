/** Waits until nothing is left to happen between the two hosts of a lab: every socket closed and every packet delivered. */
import { readFileSync } from 'node:fs';
import { netRoot, parseSockstat } from '../kernel/proc-net.ts';
import type { Lab } from '../lab/lab.ts';
import type { LinkReport } from '../lab/messages.ts';

const pollMs = 10;

/** Sockets that were still neither closed nor in TIME_WAIT; null where they cannot be counted. */
export interface OpenSockets {
  readonly client: number | null;
  readonly server: number | null;
}

/**
 * Resolves as soon as both hosts have no TCP socket but those in TIME_WAIT and no packet is under way, or else at the deadline: a FIN that
 * was lost is sent again for minutes. All programs inside must have ended. Never rejects.
 */
export async function settled(lab: Lab, deadlineMs: number): Promise<OpenSockets> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const link = await lab.linkSnapshot().catch(() => null);
    const open = openSockets(lab);
    const atRest = open.client === 0 && open.server === 0 && (link === null || isEmpty(link));
    if (atRest || link === null || performance.now() >= endMs) return open;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

function isEmpty({ fromClient, fromServer }: LinkReport): boolean {
  return fromClient.inFlight === 0 && fromServer.inFlight === 0;
}

function openSockets(lab: Lab): OpenSockets {
  return { client: socketsIn(lab.clientNamespacePid), server: socketsIn(lab.serverNamespacePid) };
}

function socketsIn(pid: number): number | null {
  try {
    return parseSockstat(readFileSync(`${netRoot(pid)}/sockstat`, 'latin1')).inUse;
  } catch {
    return null;
  }
}
