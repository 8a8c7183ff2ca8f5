/** The controller's handle on the link process: start, snapshots, the last report, and news of an early end. */
import { entryFile } from '../kernel/entry.ts';
import { IpcChild, type ProcessEnd } from '../kernel/ipc-child.ts';
import type { FromLink, LinkReport, ToLink } from './messages.ts';

type Message<T extends FromLink['type']> = Extract<FromLink, { type: T }>;

/** A lab that could not be made or is no more: `code` is the link's own, LINK_ENDED, LINK_SILENT or LAB_FAILED. */
export class LabError extends Error {
  override readonly name = 'LabError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export class LinkProcess {
  /** Resolves with a sentence when the process ends, for whatever reason. */
  readonly ended: Promise<string>;
  readonly #child: IpcChild<ToLink, FromLink>;
  readonly #deadlineMs: number;
  #failure: Message<'failed'> | null = null;
  #nextId = 0;

  /** Starts the process behind the launcher. Every answer may take `deadlineMs`. */
  constructor(launcher: readonly string[], deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
    this.#child = new IpcChild(entryFile(import.meta.url, './main'), [], launcher);
    this.#child.onMessage((message) => {
      if (message.type === 'failed') this.#failure = message;
    });
    this.ended = this.#child.ended.then((end) => this.#sentenceOf(end));
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves once both devices are in their namespaces. Rejects with a LabError. */
  async attach(request: Omit<Extract<ToLink, { type: 'start' }>, 'type'>): Promise<Message<'attached'>> {
    const answer = this.#expect('attaching', (message) => (message.type === 'attached' ? message : null));
    this.#child.send({ type: 'start', ...request });
    return answer;
  }

  /** What was counted so far. Rejects with a LabError. */
  async snapshot(): Promise<LinkReport> {
    const id = this.#nextId++;
    const answer = this.#expect('a snapshot', (message) =>
      message.type === 'snapshot' && message.id === id ? message.report : null,
    );
    this.#child.send({ type: 'snapshot', id });
    return answer;
  }

  /** Ends the process; resolves with its last report once it is gone, with null where it has none to give. */
  async stop(): Promise<LinkReport | null> {
    const answer = this.#expect('its stop', (message) => (message.type === 'stopped' ? message.report : null));
    this.#child.send({ type: 'stop' });
    const report = await answer.catch(() => null);
    if (report === null || !(await this.#child.isGoneWithin(this.#deadlineMs))) await this.#child.kill();
    return report;
  }

  /** SIGKILL; resolves once it is gone. */
  async kill(): Promise<void> {
    await this.#child.kill();
  }

  /** The first message that `pick` takes. Rejects with a LabError at the deadline and when the process ends. */
  #expect<T>(what: string, pick: (message: FromLink) => T | null): Promise<T> {
    const deadlineMs = this.#deadlineMs;
    const sentence = `The link process ${this.pid} did not answer within ${deadlineMs} ms (${what}).`;
    return this.#child.answer(pick, {
      deadlineMs,
      silence: () => new LabError('LINK_SILENT', sentence),
      ending: (end) => new LabError(this.#failure?.code ?? 'LINK_ENDED', this.#sentenceOf(end)),
    });
  }

  #sentenceOf(end: ProcessEnd): string {
    return this.#failure?.message ?? `The link process ${this.#child.describeEnd(end)}.`;
  }
}
