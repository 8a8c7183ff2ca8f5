/** A hop's server side: one connection of a client, read request by request, each of which an exchange answers. */
import type { Socket } from 'node:net';
import { RequestParser } from '../http/request-parser.ts';
import { HeadBuffer, readHead, type MessageHead } from './message-head.ts';
import type { ConnectionTally } from './tally.ts';
import { socketTimeout } from './upstream-pool.ts';
import { WatchedSocket } from './watched-socket.ts';

/** A request whose head is here. */
export interface ClientRequest {
  readonly head: MessageHead;
  readonly method: string;
  /** Of HTTP/1.x. */
  readonly minor: number;
  readonly isHead: boolean;
  /** The client would go on with the connection (RFC 9112 §9.3). */
  readonly persists: boolean;
  /** It has no body, or all of it is here. */
  readonly isWhole: () => boolean;
}

/** What answers a request. */
export interface Answering {
  /** Octets of the request's body, in the coding in which they came. */
  body(octets: Buffer): void;
  /** The request is whole. */
  bodyEnd(): void;
  /** The client takes more of the answer. */
  drained(): void;
  /** The client has gone. */
  gone(): void;
}

export interface ClientSideOptions {
  readonly socket: Socket;
  readonly tally: ConnectionTally;
  readonly keepAliveTimeoutMs: number;
  readonly maxRequests: number;
  readonly onRequest: (request: ClientRequest, client: ClientSide) => Answering;
  /** A request that is no acceptable HTTP. */
  readonly onRefused: () => void;
  readonly onClosed: (client: ClientSide) => void;
}

/** Longest silence in the middle of a request, as nginx's `client_header_timeout` and `client_body_timeout` have it. */
const silenceMs = 60_000;
/** How long a client may go on sending after its connection was closed (RFC 9112 §9.6), as nginx's `lingering_timeout` has it. */
const lingerMs = 5_000;

export class ClientSide {
  readonly watched: WatchedSocket;
  readonly #options: ClientSideOptions;
  readonly #parser = new RequestParser();
  readonly #head = new HeadBuffer();
  #answering: Answering | null = null;
  /** Pipelined requests, which wait. */
  #held: Buffer[] = [];
  #isClosing = false;
  #hasEnded = false;

  constructor(options: ClientSideOptions) {
    this.#options = options;
    const { socket, tally } = options;
    this.watched = new WatchedSocket(socket, tally);
    socket.on('data', (octets: Buffer) => {
      this.#read(octets);
    });
    socket.on('end', () => {
      this.#onEnd();
    });
    socket.on('drain', () => {
      this.#answering?.drained();
    });
    socket.on('timeout', () => {
      if (this.#isClosing || !this.isIdle) this.watched.destroy();
      else this.end();
    });
    socket.on('error', () => undefined); // 'close' comes next.
    socket.on('close', () => {
      const answering = this.#answering;
      this.#answering = null;
      answering?.gone();
      options.onClosed(this);
    });
    this.#parser.reset();
    this.#wait();
  }

  /** Between two requests. */
  get isIdle(): boolean {
    return this.#answering === null && this.#head.isEmpty;
  }

  /** What comes next is not a request that has to wait. */
  get #readsOn(): boolean {
    return this.#answering === null || !this.#parser.done;
  }

  /** Whether the request that is being answered is the last one that the connection may have. */
  get isLast(): boolean {
    return this.watched.requests >= this.#options.maxRequests || (this.#hasEnded && this.#held.length === 0);
  }

  /** False where the client should be given time (`Answering.drained`). */
  write(octets: Buffer): boolean {
    return this.#options.socket.write(octets);
  }

  pause(): void {
    this.#options.socket.pause();
  }

  resume(): void {
    if (!this.#isClosing) this.#options.socket.resume();
  }

  /** The answer is complete. The connection goes on where `persists`. */
  done(persists: boolean): void {
    this.#answering = null;
    if (!persists || !this.#parser.done) {
      this.end();
      return;
    }
    this.#parser.reset();
    this.#wait();
    const held = this.#held;
    this.#held = [];
    for (const octets of held) this.#read(octets);
    if (this.#hasEnded && this.isIdle) this.end();
    else if (this.#readsOn) this.resume();
  }

  /** Closes with a FIN; what still comes is thrown away. */
  end(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#answering = null;
    const { socket } = this.#options;
    socket.setTimeout(lingerMs);
    socket.end();
    socket.resume();
  }

  /** Breaks off an answer that has no other end than that of the connection. */
  breakOff(): void {
    this.#answering = null;
    this.watched.reset();
  }

  #wait(): void {
    this.#options.socket.setTimeout(socketTimeout(this.#options.keepAliveTimeoutMs));
  }

  #onEnd(): void {
    this.#hasEnded = true;
    if (this.#answering === null || !this.#parser.done) {
      // Between two requests, or in the middle of one, which is now cut short.
      const answering = this.#answering;
      this.end();
      answering?.gone();
    }
  }

  #read(octets: Buffer): void {
    let rest = octets;
    while (rest.length > 0 && !this.#isClosing) {
      if (this.#parser.done) {
        this.#held.push(rest);
        this.pause();
        return;
      }
      rest = this.#parser.headDone ? this.#readBody(rest) : this.#readHead(rest);
    }
  }

  #readHead(octets: Buffer): Buffer {
    const { socket } = this.#options;
    let start = 0;
    // Empty lines before a request are overlooked (RFC 9112 §2.2).
    if (this.#head.isEmpty) while (octets[start] === 0x0d || octets[start] === 0x0a) start++;
    const rest = octets.subarray(start);
    if (rest.length === 0) return rest;
    socket.setTimeout(silenceMs);
    const { taken, isWhole } = this.#head.add(rest);
    this.#parser.feed(rest, 0, taken);
    if (this.#parser.error !== 0) {
      this.#refuse();
      return Buffer.alloc(0);
    }
    if (isWhole) this.#begin();
    return rest.subarray(taken);
  }

  #begin(): void {
    const head = readHead(this.#head.take());
    const parser = this.#parser;
    this.watched.requests++;
    if (parser.done) this.#options.socket.setTimeout(0);
    this.#answering = this.#options.onRequest(
      {
        head,
        method: head.startLine.slice(0, head.startLine.indexOf(' ')),
        minor: parser.versionMinor,
        isHead: parser.isHead,
        persists: parser.keepAlive,
        isWhole: () => parser.done,
      },
      this,
    );
  }

  #readBody(octets: Buffer): Buffer {
    const end = this.#parser.feed(octets, 0, octets.length);
    const answering = this.#answering;
    if (this.#parser.error !== 0) {
      this.watched.destroy();
      return Buffer.alloc(0);
    }
    if (end > 0) answering?.body(octets.subarray(0, end));
    if (this.#parser.done) {
      this.#options.socket.setTimeout(0);
      answering?.bodyEnd();
    }
    return octets.subarray(end);
  }

  #refuse(): void {
    this.#options.onRefused();
    this.write(Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'));
    this.end();
  }
}
