/** One connection of an attacker, from its opening to its end, whoever ends it. */
import { Socket } from 'node:net';
import { nowNs } from '../kernel/clock.ts';
import type { Sockets } from '../kernel/sockets.ts';
import type { AttackerConfig } from '../scenario/attacker-config.ts';
import { attackBytes, statusOf, type AttackBytes } from './attack-bytes.ts';
import type { AttackTally } from './attack-tally.ts';
import type { AttackTarget } from './messages.ts';

// include/net/tcp_states.h
const TCP_CLOSE = 7;
const TCP_CLOSE_WAIT = 8;

/** What a slow reader takes at a time. */
const readBytes = 1_000;
const statusLineBytes = 12;

export class AttackConnection {
  readonly #socket = new Socket();
  readonly #bytes: AttackBytes;
  readonly #config: AttackerConfig;
  readonly #tally: AttackTally;
  readonly #sockets: Sockets | null;
  #timer: NodeJS.Timeout | undefined;
  /** Null while it is not established. */
  #openedNs: number | null = null;
  /** First bytes of the answer; null once they were looked at. */
  #head: string | null = '';
  /** Whose end came first; null while nobody ends it. */
  #first: 'client' | 'server' | 'reset' | null = null;
  /** Resolves once the connection is gone. */
  readonly gone: Promise<void>;

  /** Begins to open it. `sockets`: for the kinds that do not read, which need the kernel to tell them of the end. */
  constructor(config: AttackerConfig, target: AttackTarget, tally: AttackTally, sockets: Sockets | null) {
    this.#config = config;
    this.#bytes = attackBytes(config.kind, target);
    this.#tally = tally;
    this.#sockets = sockets;
    const socket = this.#socket;
    this.gone = new Promise((resolve) => {
      socket.once('close', () => {
        this.#settle();
        resolve();
      });
    });
    tally.attempted++;
    if (!this.#bytes.reads) socket.pause();
    socket.once('connect', () => {
      this.#begin();
    });
    socket.on('error', () => {
      // A connect that failed is counted at 'close'. EPIPE: reset after the server's FIN.
      if (this.#openedNs !== null) this.#cut('reset');
    });
    socket.on('end', () => {
      this.#cut('fin');
    });
    if (this.#bytes.reads) {
      socket.on('data', (chunk) => {
        this.#look(chunk);
      });
    }
    socket.connect({ host: target.host, port: target.port, noDelay: true });
  }

  get isOpen(): boolean {
    return this.#openedNs !== null && this.#first === null;
  }

  /** Ends it from here: with a FIN, or with a reset where it has left data unread, as the kernel would do. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#openedNs === null) {
      this.#socket.destroy();
      return;
    }
    this.#askKernel();
    if (this.#first !== null) return;
    if (this.#bytes.reads) {
      this.#first = 'client';
      this.#socket.end();
    } else this.#reset();
  }

  /** Ends it at once, whatever the server does. */
  abort(): void {
    if (this.#openedNs === null) this.#socket.destroy();
    else this.#reset();
  }

  #reset(): void {
    this.#first = 'reset';
    this.#socket.resetAndDestroy();
  }

  #begin(): void {
    this.#openedNs = nowNs();
    this.#tally.opened++;
    const { opening, isWhole } = this.#bytes;
    if (opening !== '') this.#socket.write(opening, 'latin1');
    if (isWhole) this.#tally.requests++;
    this.#timer = setInterval(() => {
      this.#tick();
    }, this.#config.everyMs);
  }

  #tick(): void {
    const { drop } = this.#bytes;
    if (drop !== '' && this.#socket.writable) this.#socket.write(drop, 'latin1');
    if (this.#config.kind === 'slow-reader') this.#readSome();
    this.#askKernel();
  }

  #readSome(): void {
    const waiting = this.#socket.readableLength;
    // Reading nothing makes the stream fetch more from the kernel.
    this.#socket.read(Math.min(readBytes, waiting));
  }

  /** Of a connection whose end it would only read behind all the data. A FIN is the last in the order of the stream: all is here. */
  #askKernel(): void {
    if (this.#sockets === null || this.#first !== null) return;
    const fd = descriptorOf(this.#socket);
    if (fd === null) return;
    const state = this.#sockets.tcpState(fd);
    if (state !== TCP_CLOSE_WAIT && state !== TCP_CLOSE) return;
    this.#cut(state === TCP_CLOSE ? 'reset' : 'fin');
    if (state === TCP_CLOSE) this.#socket.destroy();
    else this.#socket.resume();
  }

  /** The server ended it: once only, and not in answer to this side's end. A reset overrules this side's FIN. */
  #cut(by: 'fin' | 'reset'): void {
    clearInterval(this.#timer);
    if (this.#first === 'client' && by === 'reset') this.#first = 'reset';
    if (this.#first !== null) return;
    this.#first = by === 'fin' ? 'server' : 'reset';
    this.#tally.cut(by, nowNs() - this.#openedNs!);
  }

  #look(chunk: Buffer): void {
    if (this.#head === null) return;
    this.#head = (this.#head + chunk.toString('latin1')).slice(0, statusLineBytes);
    if (this.#head.length < statusLineBytes) return;
    // What comes in answer to the end of the attack is none to the attack.
    const status = this.#first === 'client' ? null : statusOf(this.#head);
    this.#head = null;
    if (status !== null) this.#tally.answered(status);
  }

  #settle(): void {
    clearInterval(this.#timer);
    if (this.#openedNs === null) this.#tally.connectFailed++;
    else this.#tally.ended(this.#first ?? 'reset');
  }
}

function descriptorOf(socket: Socket): number | null {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: number } | null };
  const fd = handle?.fd;
  return fd === undefined || fd < 0 ? null : fd;
}
