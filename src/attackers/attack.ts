/** One group of attackers: holds its connections open, opens each again when the server ends it, and ends them all. */
import { nowNs } from '../kernel/clock.ts';
import { loadNative } from '../kernel/native.ts';
import { Sockets } from '../kernel/sockets.ts';
import type { AttackerConfig } from '../scenario/attacker-config.ts';
import { attackBytes } from './attack-bytes.ts';
import { AttackConnection } from './attack-connection.ts';
import { AttackTally } from './attack-tally.ts';
import type { AttackerReport, AttackTarget } from './messages.ts';

/** Pause before a connection is opened again, so that a server that closes at once is not flooded. */
const reopenMs = 100;
/** What the server gets to answer this side's FINs. */
const farewellMs = 1_000;

export class Attack {
  readonly #config: AttackerConfig;
  readonly #target: AttackTarget;
  readonly #tally = new AttackTally();
  readonly #sockets: Sockets | null;
  readonly #connections = new Set<AttackConnection>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #isOver = false;

  /** Throws where it cannot count here: without FFI nobody tells a connection that does not read of its end. */
  constructor(config: AttackerConfig, target: AttackTarget) {
    this.#config = config;
    this.#target = target;
    const needsKernel = !attackBytes(config.kind, target).reads;
    if (needsKernel && !loadNative().ok) {
      throw new Error(`attackers of kind ${config.kind} need koffi, which this machine has no package for`);
    }
    this.#sockets = needsKernel ? new Sockets() : null;
  }

  /** Begins at a moment of CLOCK_MONOTONIC, ns; at once where that is past. */
  start(measureStartNs: number): void {
    const inMs = (measureStartNs - nowNs()) / 1e6 + this.#config.fromMs;
    this.#later(Math.max(0, inMs), () => {
      for (let index = 0; index < this.#config.connections; index++) this.#open();
    });
  }

  report(): AttackerReport {
    return this.#tally.report();
  }

  /** Ends every connection; resolves with the last report once they are gone. */
  async stop(): Promise<AttackerReport> {
    this.#isOver = true;
    for (const timer of this.#timers) clearTimeout(timer);
    const left = [...this.#connections];
    for (const connection of left) {
      const wasOpen = connection.isOpen;
      const before = this.#tally.cuts;
      connection.end();
      if (wasOpen && this.#tally.cuts === before) this.#tally.stillOpen++;
    }
    const deadline = setTimeout(() => {
      for (const connection of this.#connections) connection.abort();
    }, farewellMs);
    await Promise.all(left.map(({ gone }) => gone));
    clearTimeout(deadline);
    return this.report();
  }

  #open(): void {
    if (this.#isOver) return;
    const connection = new AttackConnection(this.#config, this.#target, this.#tally, this.#sockets);
    this.#connections.add(connection);
    void connection.gone.then(() => {
      this.#connections.delete(connection);
      this.#later(reopenMs, () => {
        this.#open();
      });
    });
  }

  #later(ms: number, what: () => void): void {
    if (this.#isOver) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      what();
    }, ms);
    this.#timers.add(timer);
  }
}
