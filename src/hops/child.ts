/** The controller's handle on a process that hosts a hop: start, snapshot and stop, each with a deadline, and news of an early death. */
import { entryFile } from '../kernel/entry.ts';
import { IpcChild, type ProcessEnd } from '../kernel/ipc-child.ts';
import { HopError, type HopHandle, type StartHopOptions } from './hop-handle.ts';
import type { FromHop, HopReport, OwnHopConfig, ToHop } from './messages.ts';

/** Starts a program of connbench's in a process of its own. Rejects with a HopError; then no process is left behind. */
export async function startOwnHop(
  config: OwnHopConfig,
  { upstream, host, port = 0, launcher = [], deadlineMs }: StartHopOptions,
): Promise<HopHandle> {
  const hop = new HopProcess(deadlineMs, launcher);
  try {
    hop.send({ type: 'start', config, host, port, upstream });
    const ready = await hop.expect('its start', deadlineMs, (message) => (message.type === 'ready' ? message : null));
    return {
      kind: config.kind,
      pid: hop.pid,
      host: ready.host,
      port: ready.port,
      settings: ready.settings,
      snapshot: () => hop.snapshot(),
      stop: (graceMs) => hop.stop(graceMs),
      died: hop.died,
      kill: () => hop.kill(),
      whyNull: null,
    };
  } catch (error) {
    await hop.kill();
    throw error;
  }
}

type Pick<Answer> = (message: FromHop) => Answer | null;

class HopProcess {
  readonly died: Promise<ProcessEnd>;
  readonly #child: IpcChild<ToHop, FromHop>;
  readonly #deadlineMs: number;
  #failure: Extract<FromHop, { type: 'failed' }> | null = null;
  #isExpectedToEnd = false;
  #stopped: Promise<HopReport> | null = null;
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

  send(message: ToHop): void {
    this.#child.send(message);
  }

  snapshot(): Promise<HopReport> {
    const id = this.#nextId++;
    this.send({ type: 'snapshot', id });
    return this.expect('a snapshot', this.#deadlineMs, (message) =>
      message.type === 'snapshot' && message.id === id ? message.report : null,
    );
  }

  stop(graceMs: number): Promise<HopReport> {
    this.#stopped ??= this.#stop(graceMs);
    return this.#stopped;
  }

  async kill(): Promise<void> {
    this.#isExpectedToEnd = true;
    await this.#child.kill();
  }

  /** The first answer that `pick` takes. Rejects with a HopError where the process ends before, or does not answer in time. */
  expect<Answer>(what: string, deadlineMs: number, pick: Pick<Answer>): Promise<Answer> {
    return this.#child.answer(pick, {
      deadlineMs,
      silence: () => new HopError('EDEADLINE', `The hop did not answer ${what} within ${deadlineMs} ms.`),
      ending: (end) => this.#endError(end),
    });
  }

  #endError(end: ProcessEnd): HopError {
    if (this.#failure !== null) return new HopError(this.#failure.code, this.#failure.message);
    return new HopError('EEXITED', `The hop's process ${this.#child.describeEnd(end)}.`);
  }

  async #stop(graceMs: number): Promise<HopReport> {
    if (this.#child.end !== null) throw this.#endError(this.#child.end);
    this.#isExpectedToEnd = true;
    const answer = this.expect('its stop', graceMs + this.#deadlineMs, (message) =>
      message.type === 'stopped' ? message.report : null,
    );
    this.send({ type: 'stop', graceMs });
    try {
      return await answer;
    } finally {
      if (!(await this.#child.isGoneWithin(this.#deadlineMs))) await this.#child.kill();
    }
  }
}
