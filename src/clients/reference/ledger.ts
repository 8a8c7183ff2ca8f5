/** The tally of connections of one worker: attempted, opened, why each ended, whose FIN came first, requests on each. */
import { OPEN_CONNECTIONS, type LiveCounts } from '../live.ts';
import { clientCloseReasons, type ClientCloseReason, type ConnectionReport, type TlsCounts } from '../observations.ts';

/** How a connection ended: the side whose FIN came first, an RST, or closed by us because the trial was over. */
export type Ending = 'client' | 'server' | 'reset' | 'teardown';

/** `TlsCounts`, all of them, while they are being counted. */
export type HandshakeCounts = { -readonly [Count in keyof TlsCounts]-?: number };

/** Requests per connection up to here are counted in a flat array. */
const flatUses = 4096;

export class ConnectionLedger {
  attempted = 0;
  notAttempted = 0;
  opened = 0;
  connectFailed = 0;
  open = 0;
  peakOpen = 0;
  resetsReceived = 0;
  resetsSent = 0;
  /** Idle connections that turned out to be dead by the look before their reuse; null where nobody looks. */
  foundDead: number | null = null;
  /** Connections that a forgotten response held until the end; null where the load forgets none. */
  leaked: number | null = null;
  /** Null without TLS. */
  readonly handshakes: HandshakeCounts | null;
  readonly #closes = Object.fromEntries(clientCloseReasons.map((reason) => [reason, 0])) as Record<
    ClientCloseReason,
    number
  >;
  readonly #endings: Record<Ending, number> = { client: 0, server: 0, reset: 0, teardown: 0 };
  readonly #uses = new Uint32Array(flatUses);
  readonly #manyUses = new Map<number, number>();
  readonly #live: LiveCounts;

  constructor(live: LiveCounts, hasTls = false) {
    this.#live = live;
    this.handshakes = hasTls ? { full: 0, resumed: 0, earlyData: 0, earlyDataRejected: 0, failed: 0 } : null;
  }

  established(): void {
    this.opened++;
    this.open++;
    if (this.open > this.peakOpen) this.peakOpen = this.open;
    this.#live[OPEN_CONNECTIONS]!++;
  }

  closed(reason: ClientCloseReason, ending: Ending, answered: number): void {
    this.open--;
    this.#live[OPEN_CONNECTIONS]!--;
    this.#closes[reason]++;
    this.#endings[ending]++;
    if (answered < flatUses) this.#uses[answered]!++;
    else this.#manyUses.set(answered, (this.#manyUses.get(answered) ?? 0) + 1);
  }

  report(): ConnectionReport {
    const { client, server, reset, teardown } = this.#endings;
    const requestsPerConnection: Record<number, number> = {};
    this.#uses.forEach((count, uses) => {
      if (count > 0) requestsPerConnection[uses] = count;
    });
    for (const [uses, count] of this.#manyUses) requestsPerConnection[uses] = count;
    return {
      attempted: this.attempted,
      notAttempted: this.notAttempted,
      opened: this.opened,
      connectFailed: this.connectFailed,
      peakOpen: this.peakOpen,
      closesByReason: { ...this.#closes },
      firstCloser: { client, server, reset },
      teardown,
      resetsReceived: this.resetsReceived,
      resetsSent: this.resetsSent,
      requestsPerConnection,
      ...(this.foundDead === null ? {} : { foundDead: this.foundDead }),
      ...(this.leaked === null ? {} : { leaked: this.leaked }),
      ...(this.handshakes === null ? {} : { tls: { ...this.handshakes } }),
    };
  }
}
