/** One request on its way through a hop: sent to the next program, tried again where the knobs say so, its answer streamed back. */
import { ResponseParser } from '../http/response-parser.ts';
import type { HopFailure, HopUpstreamConfig } from '../scenario/hop-config.ts';
import { ChunkData } from './chunk-data.ts';
import type { Answering, ClientRequest, ClientSide } from './client-side.ts';
import { HeadBuffer, members, readHead, writeHead, type HeaderField, type MessageHead } from './message-head.ts';
import { failureStatus } from './messages.ts';
import type { HopTally } from './tally.ts';
import { socketTimeout, type UpstreamConnection, type UpstreamPool, type UpstreamUser } from './upstream-pool.ts';

/** What a response says to the client beside what the server said. */
interface AnswerFacts {
  /** Of the version that the server speaks: HTTP/1.x. */
  readonly minor: number;
  /** The client's connection ends with it. */
  readonly close: boolean;
  /** Its body goes on without its chunks. */
  readonly unchunked: boolean;
}

/** How a proxy treats the messages that pass. */
export interface Manners {
  /** Whether the client's connection may live on after an answer. */
  readonly persists: (request: ClientRequest) => boolean;
  readonly requestHead: (request: ClientRequest) => MessageHead;
  readonly responseFields: (fields: readonly HeaderField[], facts: AnswerFacts) => readonly HeaderField[];
}

export interface ExchangeOptions {
  readonly request: ClientRequest;
  readonly client: ClientSide;
  readonly pool: UpstreamPool;
  readonly tally: HopTally;
  readonly config: HopUpstreamConfig;
  readonly manners: Manners;
}

/** Bodies up to this size are kept to be sent again. More than what one reading of a socket gives (64 KiB). */
const mostReplayBytes = 131_072;

/** RFC 9110 §9.2.2. */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);

const reasons = { 502: 'Bad Gateway', 504: 'Gateway Timeout' } as const;

export class Exchange implements Answering, UpstreamUser {
  readonly #options: ExchangeOptions;
  readonly #requestHead: Buffer;
  readonly #parser = new ResponseParser();
  #connection: UpstreamConnection | null = null;
  #isReady = false;
  #isReused = false;
  #hasRetried = false;
  #isOver = false;
  /** The body so far; null where it is too large to be sent again. */
  #replay: Buffer[] | null = [];
  #replayBytes = 0;
  #head = new HeadBuffer();
  #hasHead = false;
  #persists = false;
  #chunks: ChunkData | null = null;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#requestHead = writeHead(options.manners.requestHead(options.request));
  }

  start(): void {
    if (!this.#isOver) this.#attempt(false);
  }

  #attempt(fresh: boolean): void {
    const { request, client, pool } = this.#options;
    this.#isReady = false;
    this.#head = new HeadBuffer();
    this.#parser.begin(request.isHead);
    if (!request.isWhole()) client.pause();
    this.#connection = pool.use(this, fresh);
  }

  // What comes from the client.

  body(octets: Buffer): void {
    if (this.#isOver) return;
    this.#replayBytes += octets.length;
    if (this.#replayBytes > mostReplayBytes) this.#replay = null;
    else this.#replay?.push(octets);
    if (this.#isReady && this.#connection?.socket.write(octets) === false) this.#options.client.pause();
  }

  bodyEnd(): void {
    // Its coding said so to the next program, too.
  }

  drained(): void {
    if (this.#isReady) this.#connection?.socket.resume();
  }

  gone(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.tally.count('abandoned');
    this.#connection?.destroy();
  }

  // What comes from the next program.

  ready(connection: UpstreamConnection): void {
    const { tally, client, config } = this.#options;
    this.#connection = connection;
    this.#isReady = true;
    this.#isReused = connection.isReused;
    connection.watched!.requests++;
    tally.count('sent');
    if (this.#isReused) tally.count('sentOnReuse');
    const { socket } = connection;
    socket.setTimeout(socketTimeout(config.timeouts.responseMs));
    socket.cork();
    socket.write(this.#requestHead);
    for (const octets of this.#replay ?? []) socket.write(octets);
    socket.uncork();
    client.resume();
  }

  unreachable(code: string): void {
    if (code === 'ECONNREFUSED') this.#fail('refused');
    else this.#fail(code === 'CONNECT_TIMEOUT' || code === 'ETIMEDOUT' ? 'connectTimeout' : 'connectFailed');
  }

  data(octets: Buffer): void {
    let rest = octets;
    while (!this.#isOver && !this.#hasHead && rest.length > 0) rest = this.#readHead(rest);
    if (!this.#isOver && rest.length > 0) this.#readBody(rest);
  }

  ended(isOrderly: boolean): void {
    if (this.#isOver) return;
    this.#connection = null;
    if (!this.#hasHead) {
      this.#fail(this.#isReused ? 'endedOnReuse' : 'endedOnNew');
    } else if (this.#parser.untilClose && isOrderly) {
      this.#finish(false);
    } else {
      this.#cutShort();
    }
  }

  silent(): void {
    const { request, config } = this.#options;
    const { socket } = this.#connection!;
    if (socket.isPaused() || !request.isWhole()) {
      // The client is the slow one.
      socket.setTimeout(socketTimeout(config.timeouts.responseMs));
    } else if (this.#hasHead) {
      this.#cutShort();
    } else {
      this.#fail('responseTimeout');
    }
  }

  /** One head of the answer: an interim one, or the final one. */
  #readHead(octets: Buffer): Buffer {
    const { client, request } = this.#options;
    const interim = this.#parser.interimResponses;
    const { taken, isWhole } = this.#head.add(octets);
    this.#parser.feed(octets, 0, taken);
    if (this.#parser.error !== 0) {
      this.#fail('badResponse');
      return Buffer.alloc(0);
    }
    if (isWhole) {
      const head = this.#head.take();
      if (this.#parser.interimResponses === interim) this.#begin(readHead(head), octets.length > taken);
      // HTTP/1.0 has no interim responses (RFC 9110 §15.2).
      else if (request.minor >= 1) client.write(head);
    }
    return octets.subarray(taken);
  }

  #begin({ startLine, fields }: MessageHead, hasMore: boolean): void {
    const { client, request, manners } = this.#options;
    const parser = this.#parser;
    this.#hasHead = true;
    const isChunked = !parser.done && !parser.untilClose && members(fields, 'transfer-encoding').length > 0;
    const unchunked = isChunked && request.minor === 0;
    if (unchunked) this.#chunks = new ChunkData();
    this.#persists = manners.persists(request) && !client.isLast && !parser.untilClose && !unchunked;
    const facts = { minor: parser.versionMinor, close: !this.#persists, unchunked };
    client.write(
      writeHead({
        startLine: `HTTP/1.1 ${startLine.slice('HTTP/1.x '.length)}`,
        fields: manners.responseFields(fields, facts),
      }),
    );
    if (parser.done) this.#finish(!hasMore);
  }

  #readBody(octets: Buffer): void {
    const end = this.#parser.feed(octets, 0, octets.length);
    const body = octets.subarray(0, end);
    let goesOn = true;
    for (const part of this.#chunks?.feed(body) ?? [body]) goesOn = this.#options.client.write(part);
    if (this.#parser.error !== 0) this.#cutShort();
    else if (this.#parser.done) this.#finish(end === octets.length);
    else if (!goesOn) this.#connection?.socket.pause();
  }

  /** The answer is complete. `isClean`: nothing came after it. */
  #finish(isClean: boolean): void {
    const { client, request, pool, tally } = this.#options;
    this.#isOver = true;
    tally.count('answered');
    if (this.#connection !== null) {
      pool.release(this.#connection, isClean && this.#parser.keepAlive && request.isWhole());
    }
    client.done(this.#persists);
  }

  /** The answer has begun and will not end: the client must see that. */
  #cutShort(): void {
    const { client, tally } = this.#options;
    this.#isOver = true;
    tally.fail('cutShort');
    this.#connection?.destroy();
    // Without a length only a reset tells a broken answer from a complete one.
    if (this.#parser.untilClose || this.#chunks !== null) client.breakOff();
    else client.end();
  }

  #fail(failure: HopFailure): void {
    const { client, request, tally, manners } = this.#options;
    this.#connection?.destroy();
    this.#connection = null;
    if (this.#mayRetry(failure)) {
      this.#hasRetried = true;
      tally.retry(failure);
      this.#attempt(true);
      return;
    }
    this.#isOver = true;
    tally.fail(failure);
    const status = failureStatus[failure] ?? 502;
    const persists = manners.persists(request) && !client.isLast && request.isWhole();
    const close = persists ? '' : 'Connection: close\r\n';
    client.write(Buffer.from(`HTTP/1.1 ${status} ${reasons[status]}\r\nContent-Length: 0\r\n${close}\r\n`));
    client.done(persists);
  }

  #mayRetry(failure: HopFailure): boolean {
    const { request, config } = this.#options;
    if (this.#hasRetried || this.#replay === null || config.retry === 'none') return false;
    return config.retry === 'always-once' || (failure === 'endedOnReuse' && idempotent.has(request.method));
  }
}
