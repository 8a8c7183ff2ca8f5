/** The pool's contract in plain objects and lists, without numbers to save or links to keep: what the real one is compared with. */
import { CounterRandom } from '../../src/load/counter-random.ts';
import { Random } from '../../src/load/random.ts';
import type { PoolRules } from '../../src/strategy/pool.ts';

/** What the limits of connections are drawn from, here and in the real pool. */
export const limitsSeed = 7;

export interface NaiveConnection {
  readonly number: number;
  readonly owner: number;
  state: 'opening' | 'busy' | 'idle' | 'leaving';
  prefetched: boolean;
  uses: number;
  mostUses: number;
  openedNs: number;
  lifetimeNs: number;
  idleUntilNs: number;
}

export interface NaiveWaiting {
  readonly request: number;
  readonly owner: number;
  readonly untilNs: number;
}

export type Outcome = 'reuse' | 'open' | 'queued' | 'refused';
export type Released = 'idle' | 'serve' | 'retire-requests' | 'retire-age' | 'retire-hint';

function wholeNumbers(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

export class NaivePool {
  readonly rules: PoolRules;
  readonly owners: number;
  /** All that hold a number, in the order in which they were opened. */
  connections: NaiveConnection[] = [];
  /** Idle ones, in the order of release. */
  idle: NaiveConnection[] = [];
  /** In the order of arrival. */
  waiting: NaiveWaiting[] = [];
  /** Numbers of requests that are somewhere in the pool. */
  readonly requests = new Set<number>();
  nowNs = 0;
  mostNumbers = 0;
  #begun = 0;
  readonly #draws = new CounterRandom(new Random(limitsSeed));

  constructor(rules: PoolRules, owners: number) {
    this.rules = rules;
    this.owners = owners;
  }

  counted(owner: number): number {
    return this.connections.filter((one) => one.owner === owner && one.state !== 'leaving').length;
  }

  idleOf(owner: number): NaiveConnection[] {
    return this.idle.filter((one) => one.owner === owner);
  }

  waitingOf(owner: number): NaiveWaiting[] {
    return this.waiting.filter((one) => one.owner === owner);
  }

  inState(...states: NaiveConnection['state'][]): NaiveConnection[] {
    return this.connections.filter((one) => states.includes(one.state));
  }

  acquire(owner: number): Outcome {
    if (this.idleOf(owner).length > 0) return 'reuse';
    if (this.counted(owner) < this.rules.size) return 'open';
    return this.waitingOf(owner).length < this.rules.queueLimit ? 'queued' : 'refused';
  }

  /** The idle connection that the order chooses; `unit` is the random number in 0..1 of this choice. */
  choose(owner: number, unit: number): NaiveConnection {
    const idle = this.idleOf(owner);
    const at = { lifo: idle.length - 1, fifo: 0, random: Math.floor(unit * idle.length) }[this.rules.order];
    return idle[at]!;
  }

  takeIdle(connection: NaiveConnection): void {
    this.idle = this.idle.filter((one) => one !== connection);
    connection.state = 'busy';
    connection.uses++;
  }

  add(number: number, owner: number, prefetched: boolean): void {
    const { maxRequestsRange: range, maxRequests, maxLifetimeNs, maxLifetimeJitter = 0 } = this.rules;
    const place = this.#begun++;
    const drawn = range === undefined ? [] : wholeNumbers(range.min, range.max);
    const spreadNs = maxLifetimeJitter === 0 || maxLifetimeNs === Infinity ? 0 : maxLifetimeNs * maxLifetimeJitter;
    const offset = 2 * this.#draws.unit(1, place) - 1;
    this.connections.push({
      number,
      owner,
      state: 'opening',
      prefetched,
      uses: prefetched ? 0 : 1,
      mostUses: drawn[Math.floor(this.#draws.unit(0, place) * drawn.length)] ?? maxRequests,
      openedNs: this.nowNs,
      lifetimeNs: maxLifetimeNs + spreadNs * offset,
      idleUntilNs: Infinity,
    });
    this.mostNumbers = Math.max(this.mostNumbers, this.connections.length);
  }

  enqueue(owner: number, request: number): void {
    this.waiting.push({ request, owner, untilNs: this.nowNs + this.rules.queueTimeoutNs });
    this.requests.add(request);
  }

  dequeue(request: number): void {
    this.waiting = this.waiting.filter((one) => one.request !== request);
    this.requests.delete(request);
  }

  leave(connection: NaiveConnection): void {
    this.idle = this.idle.filter((one) => one !== connection);
    connection.state = 'leaving';
  }

  forget(connection: NaiveConnection): void {
    this.connections = this.connections.filter((one) => one !== connection);
  }

  release(connection: NaiveConnection, hintTimeoutNs: number, hintMax: number): Released {
    const { rules } = this;
    const obeyed = rules.honourHint && hintTimeoutNs >= 0;
    // A second before the server's time, or half of it where that is longer.
    const hintNs = hintTimeoutNs >= 2e9 ? hintTimeoutNs - 1e9 : hintTimeoutNs / 2;
    const keepNs = obeyed ? Math.min(rules.idleTimeoutNs, hintNs) : rules.idleTimeoutNs;
    if (rules.honourHint && hintMax >= 0 && connection.uses === 1) {
      connection.mostUses = Math.min(connection.mostUses, hintMax);
    }
    const retire = this.#retire(connection, keepNs);
    if (retire !== null) {
      this.leave(connection);
      return retire;
    }
    const next = this.waitingOf(connection.owner)[0];
    if (next !== undefined) {
      this.dequeue(next.request);
      connection.uses++;
      return 'serve';
    }
    connection.state = 'idle';
    connection.idleUntilNs = this.nowNs + keepNs;
    this.idle.push(connection);
    return 'idle';
  }

  #retire(connection: NaiveConnection, keepNs: number): Released | null {
    if (connection.uses >= connection.mostUses) return 'retire-requests';
    if (this.nowNs - connection.openedNs >= connection.lifetimeNs) return 'retire-age';
    return keepNs <= 0 ? 'retire-hint' : null;
  }
}
