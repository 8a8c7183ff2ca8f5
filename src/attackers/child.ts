/** The controller's handle on the attackers' process: start, snapshot and stop, each with a deadline, and news of an early death. */
import { entryFile } from '../kernel/entry.ts';
import { IpcChild, type ProcessEnd } from '../kernel/ipc-child.ts';
import type { AttackerReport, FromAttackers, ToAttackers } from './messages.ts';

export interface StartAttackersOptions {
  /** A command that starts the process, e.g. inside a host of a lab; nothing where absent. */
  readonly launcher?: readonly string[];
  /** How long the start, a snapshot and a stop may take. */
  readonly deadlineMs: number;
}

export interface AttackersHandle {
  readonly pid: number;
  /** Tells it whom to attack, and when: once. */
  attack(order: Omit<Extract<ToAttackers, { type: 'start' }>, 'type'>): void;
  /** Rejects with an AttackersError where the process has died. */
  snapshot(): Promise<readonly AttackerReport[]>;
  /** Ends the attack; resolves with the last reports once the process is gone. Rejects with an AttackersError where it had died. */
  stop(): Promise<readonly AttackerReport[]>;
  /** Resolves when the process exits though nobody stopped or killed it. */
  readonly died: Promise<ProcessEnd>;
  /** SIGKILL; resolves once the process is gone. */
  kill(): Promise<void>;
}

/** A process of attackers that failed, died or fell silent. `code` is for programs: the process's own, or EEXITED, EDEADLINE. */
class AttackersError extends Error {
  override readonly name = 'AttackersError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Rejects with an AttackersError; then no process is left behind. */
export async function startAttackers({ launcher = [], deadlineMs }: StartAttackersOptions): Promise<AttackersHandle> {
  const attackers = new AttackersProcess(deadlineMs, launcher);
  try {
    await attackers.expect('its start', (message) => (message.type === 'ready' ? true : null));
    return attackers;
  } catch (error) {
    await attackers.kill();
    throw error;
  }
}

class AttackersProcess implements AttackersHandle {
  readonly died: Promise<ProcessEnd>;
  readonly #child: IpcChild<ToAttackers, FromAttackers>;
  readonly #deadlineMs: number;
  #failure: Extract<FromAttackers, { type: 'failed' }> | null = null;
  #isExpectedToEnd = false;
  #nextId = 0;

  constructor(deadlineMs: number, launcher: readonly string[]) {
    this.#deadlineMs = deadlineMs;
    this.#child = new IpcChild(entryFile(import.meta.url, './main'), [], launcher);
    this.#child.onMessage((message) => {
      if (message.type === 'failed') this.#failure = message;
    });
    this.died = new Promise((resolve) => {
      void this.#child.ended.then((end) => {
        if (!this.#isExpectedToEnd) resolve(end);
      });
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  attack(order: Omit<Extract<ToAttackers, { type: 'start' }>, 'type'>): void {
    this.#child.send({ type: 'start', ...order });
  }

  snapshot(): Promise<readonly AttackerReport[]> {
    const id = this.#nextId++;
    const answer = this.expect('a snapshot', (message) =>
      message.type === 'snapshot' && message.id === id ? message.reports : null,
    );
    this.#child.send({ type: 'snapshot', id });
    return answer;
  }

  async stop(): Promise<readonly AttackerReport[]> {
    if (this.#child.end !== null) throw this.#endError(this.#child.end);
    this.#isExpectedToEnd = true;
    const answer = this.expect('its stop', (message) => (message.type === 'stopped' ? message.reports : null));
    this.#child.send({ type: 'stop' });
    try {
      return await answer;
    } finally {
      if (!(await this.#child.isGoneWithin(this.#deadlineMs))) await this.#child.kill();
    }
  }

  async kill(): Promise<void> {
    this.#isExpectedToEnd = true;
    await this.#child.kill();
  }

  /** The first answer that `pick` takes. Rejects with an AttackersError where the process ends before, or does not answer in time. */
  expect<Answer>(what: string, pick: (message: FromAttackers) => Answer | null): Promise<Answer> {
    const deadlineMs = this.#deadlineMs;
    const sentence = `The attackers did not answer ${what} within ${deadlineMs} ms.`;
    return this.#child.answer(pick, {
      deadlineMs,
      silence: () => new AttackersError('EDEADLINE', sentence),
      ending: (end) => this.#endError(end),
    });
  }

  #endError(end: ProcessEnd): AttackersError {
    if (this.#failure !== null) return new AttackersError(this.#failure.code, this.#failure.message);
    return new AttackersError('EEXITED', `The attackers' process ${this.#child.describeEnd(end)}.`);
  }
}
