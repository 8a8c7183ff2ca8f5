/** The sessions of one owner: a request goes to the first that has a place, else to a new one, else it waits. */
import { Http2Session, type SessionEvents, type StreamRequest } from './http2-session.ts';
import type { Http2Sockets } from './http2-sockets.ts';
import type { Attempt } from './node/node-client.ts';

export interface Http2PoolSetup {
  readonly sockets: Http2Sockets;
  /** Most sessions; Infinity for unlimited. */
  readonly sessions: number;
  /** Most requests at once on each. */
  readonly streams: number;
  readonly idleTimeoutMs: number;
  readonly requestOf: (attempt: Attempt) => StreamRequest;
}

export class Http2Pool implements SessionEvents {
  readonly #setup: Http2PoolSetup;
  /** Those that take requests, in the order in which they were opened. */
  readonly #sessions: Http2Session[] = [];
  /** Those that take no more, and are not closed yet. */
  readonly #leaving = new Set<Http2Session>();
  readonly #waiting: Attempt[] = [];

  constructor(setup: Http2PoolSetup) {
    this.#setup = setup;
  }

  start(attempt: Attempt): void {
    const session = this.#place();
    if (session === null) this.#waiting.push(attempt);
    else session.take(attempt);
  }

  #place(): Http2Session | null {
    for (const session of this.#sessions) if (session.hasPlace) return session;
    const { sessions, ...setup } = this.#setup;
    if (this.#sessions.length >= sessions) return null;
    const session = new Http2Session({ ...setup, events: this });
    this.#sessions.push(session);
    return session;
  }

  abandon(attempt: Attempt): void {
    const place = this.#waiting.indexOf(attempt);
    if (place >= 0) this.#waiting.splice(place, 1);
    for (const session of [...this.#sessions, ...this.#leaving]) session.abandon(attempt);
  }

  placeIsFree(): void {
    while (this.#waiting.length > 0) {
      const session = this.#place();
      if (session === null) return;
      session.take(this.#waiting.shift()!);
    }
  }

  takesNoMore(session: Http2Session): void {
    const place = this.#sessions.indexOf(session);
    if (place < 0) return;
    this.#sessions.splice(place, 1);
    this.#leaving.add(session);
    this.placeIsFree();
  }

  isClosed(session: Http2Session): void {
    this.#leaving.delete(session);
  }

  /** Resolves when no session is left. What waits is not served any more. */
  async end(): Promise<void> {
    this.#waiting.length = 0;
    await Promise.all([...this.#sessions, ...this.#leaving].map((session) => session.end()));
  }
}
