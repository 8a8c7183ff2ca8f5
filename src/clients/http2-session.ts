/** One session of node:http2 with the requests on it: each is a stream of its own, from its headers to its last byte. */
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Attempt } from './node/node-client.ts';
import type { NodeConnection } from './node/node-connection.ts';
import type { Http2Sockets } from './http2-sockets.ts';

/** What goes out on a stream. */
export interface StreamRequest {
  /** In lower case, pseudo-header fields among them. */
  readonly headers: OutgoingHttpHeaders;
  readonly body: Uint8Array | null;
}

/** Who holds the sessions. */
export interface SessionEvents {
  /** One request less is under way on a session that goes on. */
  placeIsFree(): void;
  /** The session takes no more requests; those that it has may end. */
  takesNoMore(session: Http2Session): void;
  isClosed(session: Http2Session): void;
}

export interface SessionSetup {
  readonly sockets: Http2Sockets;
  /** Most requests at once. */
  readonly streams: number;
  readonly idleTimeoutMs: number;
  readonly requestOf: (attempt: Attempt) => StreamRequest;
  readonly events: SessionEvents;
}

/** How long the end of a session may take. */
const endDeadlineMs = 150;

/** The longest time that a timer of Node's takes. */
const longestTimerMs = 2 ** 31 - 1;

/** Names of the errors that end a stream, by their codes from 0 on (RFC 9113, section 7). */
const codeNames = [
  'NGHTTP2_NO_ERROR',
  'NGHTTP2_PROTOCOL_ERROR',
  'NGHTTP2_INTERNAL_ERROR',
  'NGHTTP2_FLOW_CONTROL_ERROR',
  'NGHTTP2_SETTINGS_TIMEOUT',
  'NGHTTP2_STREAM_CLOSED',
  'NGHTTP2_FRAME_SIZE_ERROR',
  'NGHTTP2_REFUSED_STREAM',
  'NGHTTP2_CANCEL',
  'NGHTTP2_COMPRESSION_ERROR',
  'NGHTTP2_CONNECT_ERROR',
  'NGHTTP2_ENHANCE_YOUR_CALM',
  'NGHTTP2_INADEQUATE_SECURITY',
  'NGHTTP2_HTTP_1_1_REQUIRED',
];

export class Http2Session {
  readonly #session: ClientHttp2Session;
  readonly #connection: NodeConnection;
  readonly #streams: number;
  readonly #events: SessionEvents;
  readonly #requestOf: (attempt: Attempt) => StreamRequest;
  /** Taken before the session was connected. */
  readonly #early: Attempt[] = [];
  readonly #underWay = new Map<Attempt, ClientHttp2Stream>();
  #isReady = false;
  #isLeaving = false;
  /** Why it ended, where it was told. */
  #code: string | null = null;

  constructor({ sockets, streams, idleTimeoutMs, requestOf, events }: SessionSetup) {
    this.#requestOf = requestOf;
    this.#streams = streams;
    this.#events = events;
    this.#connection = sockets.open();
    const { socket } = this.#connection;
    const session = connect(sockets.authority, { createConnection: () => socket });
    this.#session = session;
    session.once('connect', () => {
      this.#isReady = true;
      for (const attempt of this.#early.splice(0)) this.#send(attempt);
    });
    session.on('goaway', () => {
      this.#connection.endsFor('connectionClose');
      this.#leave();
    });
    session.on('error', (error: NodeJS.ErrnoException) => {
      this.#code ??= error.code ?? error.name;
    });
    session.once('close', () => {
      this.#closed();
    });
    if (idleTimeoutMs < longestTimerMs) {
      session.setTimeout(idleTimeoutMs, () => {
        if (this.#taken === 0 && this.#isReady) this.#endIdle();
      });
    }
  }

  get #taken(): number {
    return this.#early.length + this.#underWay.size;
  }

  /** Whether one more request may go: the server's own limit counts, once it has said it. */
  get hasPlace(): boolean {
    // Its streams end before it says that it is closed itself.
    if (this.#isLeaving || this.#session.destroyed) return false;
    const { maxConcurrentStreams = Infinity } = this.#isReady ? this.#session.remoteSettings : {};
    return this.#taken < Math.min(this.#streams, maxConcurrentStreams);
  }

  take(attempt: Attempt): void {
    attempt.onConnection(this.#connection);
    if (this.#isReady) this.#send(attempt);
    else this.#early.push(attempt);
  }

  #send(attempt: Attempt): void {
    const { headers, body } = this.#requestOf(attempt);
    const stream = this.#session.request(headers, { endStream: body === null });
    this.#underWay.set(attempt, stream);
    let status = 0;
    let code: string | null = null;
    stream.on('response', (fields) => {
      attempt.firstByte();
      status = fields[':status'] ?? 0;
    });
    stream.once('end', () => {
      if (status !== 0 && stream.rstCode === constants.NGHTTP2_NO_ERROR) this.#answered(attempt, status);
    });
    stream.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code ?? error.name;
    });
    stream.once('close', () => {
      this.#failed(attempt, stream.rstCode, code);
    });
    stream.resume();
    if (body === null) {
      attempt.written();
    } else {
      stream.end(body, () => {
        attempt.written();
      });
    }
  }

  #answered(attempt: Attempt, status: number): void {
    if (!this.#underWay.delete(attempt)) return;
    attempt.answered(status);
    if (!this.#isLeaving) this.#events.placeIsFree();
  }

  #failed(attempt: Attempt, rstCode: number | undefined, code: string | null): void {
    if (!this.#underWay.delete(attempt)) return;
    const isReset = rstCode !== undefined && rstCode !== constants.NGHTTP2_NO_ERROR;
    // Of a stream that was reset the error says no more than that; of one that died with its session it is that of the session.
    const own = code === 'ERR_HTTP2_STREAM_ERROR' ? null : code;
    attempt.failed(this.#code ?? own ?? (isReset ? codeNames[rstCode] : null) ?? 'ERR_HTTP2_STREAM_CANCEL');
    if (!this.#isLeaving) this.#events.placeIsFree();
  }

  /** Lets go of it: resets its stream; a session that is still connecting is given up, because what abandons a request then is its time. */
  abandon(attempt: Attempt): void {
    const stream = this.#underWay.get(attempt);
    if (stream !== undefined) {
      this.#underWay.delete(attempt);
      stream.close(constants.NGHTTP2_CANCEL);
      if (!this.#isLeaving) this.#events.placeIsFree();
    }
    const place = this.#early.indexOf(attempt);
    if (place < 0) return;
    this.#early.splice(place, 1);
    this.#leave();
    this.#session.destroy();
  }

  #endIdle(): void {
    this.#connection.endsFor('idleTimeout');
    this.#connection.isAnnounced = true;
    this.#session.close();
    this.#leave();
  }

  #leave(): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#events.takesNoMore(this);
  }

  #closed(): void {
    this.#leave();
    const code = this.#code ?? 'ERR_HTTP2_SESSION_ERROR';
    for (const attempt of this.#early.splice(0)) attempt.failed(code);
    this.#events.isClosed(this);
  }

  /** Ends it as a program does that has no more work: with GOAWAY, and at once where something is still under way. */
  end(): Promise<void> {
    const session = this.#session;
    this.#leave();
    if (session.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const deadline = setTimeout(() => {
        session.destroy();
      }, endDeadlineMs);
      session.once('close', () => {
        clearTimeout(deadline);
        resolve();
      });
      if (this.#isReady && this.#taken === 0) session.close();
      else session.destroy();
    });
  }
}
