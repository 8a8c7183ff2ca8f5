/** The epoll transport by itself, under an engine that closes and opens connections in the middle of a batch of events. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { createLiveCounts } from '../../../src/clients/live.ts';
import { LoopWatch } from '../../../src/clients/loop-watch.ts';
import type { Engine } from '../../../src/clients/reference/engine.ts';
import { EpollTransport } from '../../../src/clients/reference/epoll-transport.ts';
import type { TransportEvents } from '../../../src/clients/reference/transport.ts';
import { nowNs } from '../../../src/kernel/clock.ts';
import { loadNative } from '../../../src/kernel/native.ts';
import { type Fault, type FaultyServer, startFaultyServer } from './faulty-server.ts';

const native = loadNative();
const request = new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n');

let server: FaultyServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

/** Whether a connection of this process to `port` is established, by the kernel's own table. */
function isEstablished(port: number): boolean {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')} 01 `;
  return readFileSync('/proc/self/net/tcp', 'utf8').includes(remote);
}

function waitUntil(holds: () => boolean): void {
  const untilNs = nowNs() + 10e9;
  while (!holds()) if (nowNs() > untilNs) throw new Error('the server does not do it');
}

/** An engine that opens connections, sends a request on each once all are there, and does what a test wants in the events. */
class ScriptedEngine implements TransportEvents {
  readonly log: string[] = [];
  finished = false;
  readonly lingering = false;
  readonly exchanges = this;
  turns = 0;
  readonly open = new Set<number>();
  readonly transport: EpollTransport;
  readonly #connections: number;
  readonly #beforeWait: () => void;
  #asked = false;

  /** `beforeWait` runs when every request is sent: what it waits for is there before the next events are taken. */
  constructor(transport: EpollTransport, connections: number, beforeWait: () => void) {
    this.transport = transport;
    this.#connections = connections;
    this.#beforeWait = beforeWait;
  }

  begin(): void {
    for (let slot = 0; slot < this.#connections; slot++) expect(this.transport.open(slot, 0)).toBe(0);
  }

  turn(): void {
    this.turns++;
    if (this.#asked || this.open.size < this.#connections) return;
    this.#asked = true;
    for (const slot of this.open) expect(this.transport.send(slot, 0, 0, -1)).toBe(request.length);
    this.#beforeWait();
  }

  nextWakeNs(): number {
    return nowNs() + 10e9;
  }

  startDue(): void {
    // Nothing is due.
  }

  stop(): void {
    this.finished = true;
  }

  tearDown(): void {
    for (const slot of this.open) this.transport.close(slot, true);
  }

  connected(): void {
    throw new Error('there is no TLS');
  }

  handshakeFailed(): void {
    throw new Error('there is no TLS');
  }

  notified(): void {
    throw new Error('there is no TLS');
  }

  opened(slot: number): void {
    this.open.add(slot);
  }

  connectFailed(_slot: number, code: string): void {
    this.log.push(`connect failed: ${code}`);
    this.finished = true;
  }

  data(slot: number): void {
    this.log.push('data');
    expect(this.open).toContain(slot);
  }

  finSeen(): void {
    this.log.push('FIN seen');
  }

  eof(): void {
    this.log.push('end');
    this.finished = true;
  }

  broken(_slot: number, code: string): void {
    this.log.push(`broken: ${code}`);
    this.finished = true;
  }

  writable(): void {
    // Every request was written at once.
  }

  isOpen(slot: number): boolean {
    return this.open.has(slot);
  }
}

/** When the answer on one of two connections comes, replaces the other by a new connection of the same number. */
class ReplacingEngine extends ScriptedEngine {
  #replaced = -1;
  #replacedInTurn = -1;

  override data(slot: number): void {
    super.data(slot);
    this.#replaced = 1 - slot;
    this.#replacedInTurn = this.turns;
    this.transport.close(this.#replaced, true);
    expect(this.transport.open(this.#replaced, 0)).toBe(0);
  }

  override opened(slot: number): void {
    super.opened(slot);
    if (slot !== this.#replaced) return;
    this.log.push(this.turns > this.#replacedInTurn ? 'opened later' : 'opened by an event of the connection before');
    this.finished = true;
  }
}

describe.skipIf(!native.ok)(`EpollTransport${native.ok ? '' : ` (skipped: ${native.reason})`}`, () => {
  async function transportTo(fault: Fault): Promise<EpollTransport> {
    server = await startFaultyServer(fault);
    const tcp = { noDelay: true, keepAliveMs: 1000, fastOpen: false };
    return new EpollTransport({
      host: '127.0.0.1',
      port: server.port,
      tcp,
      sources: [],
      firstSource: 0,
      requests: [{ bytes: request, numberAt: -1 }],
      live: createLiveCounts(),
    });
  }

  it('does not give a new connection the events of the one that had its number before', async () => {
    const transport = await transportTo('none');
    // Both answers are there before the next wait, so that one wait brings both events.
    const engine = new ReplacingEngine(transport, 2, () => {
      waitUntil(() => transport.peek(0) === 1 && transport.peek(1) === 1);
    });
    transport.run(engine as unknown as Engine, new LoopWatch(nowNs(), 1e9));
    expect(engine.log).toEqual(['data', 'opened later']);
  });

  it.each([
    ['resetAfterAnswer', ['data', 'broken: ECONNRESET']],
    ['finAfterAnswer', ['FIN seen', 'data', 'end']],
  ] as const)('%s: an answer and the end of its connection that come together', async (fault, expected) => {
    const transport = await transportTo(fault);
    const { port } = server!;
    const engine = new ScriptedEngine(transport, 1, () => {
      waitUntil(() => !isEstablished(port));
    });
    transport.run(engine as unknown as Engine, new LoopWatch(nowNs(), 1e9));
    expect(engine.log).toEqual(expected);
  });
});
