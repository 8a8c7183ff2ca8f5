/** One child process with an IPC channel, as its parent sees it: messages, last words, how it ended, and a certain end. */
import { spawn, type ChildProcess } from 'node:child_process';

/** How a process ended: one of the two is not null. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The number that the first inherited descriptor has in the child: after the standard ones and the IPC channel. */
export const firstInherited = 4;

/** What a wait for an answer rejects with. */
export interface AnswerTerms {
  readonly deadlineMs: number;
  /** At the deadline. */
  readonly silence: () => Error;
  /** When the process ends before, which it does after it has failed. */
  readonly ending: (end: ProcessEnd) => Error;
}

/** How much of the child's standard error is kept for error messages. */
const stderrBytes = 4096;

export class IpcChild<To extends object, From> {
  readonly #child: ChildProcess;
  readonly #listeners = new Set<(message: From) => void>();
  #stderr = '';
  /** How it ended; null while it runs. */
  end: ProcessEnd | null = null;
  /** Resolves once the process has exited and its last message has been read. Never rejects. */
  readonly ended: Promise<ProcessEnd>;

  /**
   * Starts `entry`, a built file, with the arguments. `launcher` is a command that ends in executing what follows it, without a fork
   * (`nsenter`, `unshare`): pid, signals and channel are those of the entry. `environment` is added to this process's own. `inherited`:
   * descriptors that the child has, too, from `firstInherited` on. `node`: the binary that runs the entry.
   */
  constructor(
    entry: string,
    args: readonly string[] = [],
    launcher: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
    inherited: readonly number[] = [],
    node = process.execPath,
  ) {
    const [program = node, ...rest] = [...launcher, node, entry, ...args];
    this.#child = spawn(program, rest, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', ...inherited],
      env: { ...process.env, ...environment },
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrBytes);
    });
    this.#child.on('message', (message) => {
      for (const listener of [...this.#listeners]) listener(message as From);
    });
    this.ended = this.#watchEnd();
  }

  /** -1 where the process could not be started. */
  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** What the process said last on its standard error. */
  get lastWords(): string {
    return this.#stderr.trim();
  }

  /** `exited with code 1` or `was ended by SIGKILL`, with its last words. */
  describeEnd(end: ProcessEnd): string {
    const how = end.signal === null ? `exited with code ${end.code ?? -1}` : `was ended by ${end.signal}`;
    return this.lastWords === '' ? how : `${how}. Its last words: ${this.lastWords}`;
  }

  /** Messages to a process that has ended are dropped; whoever waits for the answer learns of the end. */
  send(message: To): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  /** Calls `listener` for every message from now on; gives the function that ends it. */
  onMessage(listener: (message: From) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The first message from now on of which `pick` makes something. Rejects as the terms say. */
  answer<Answer>(
    pick: (message: From) => Answer | null,
    { deadlineMs, silence, ending }: AnswerTerms,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        forget();
      };
      const forget = this.onMessage((message) => {
        const picked = pick(message);
        if (picked === null) return;
        finish();
        resolve(picked);
      });
      const timer = setTimeout(() => {
        finish();
        reject(silence());
      }, deadlineMs);
      void this.ended.then((end) => {
        finish();
        reject(ending(end)); // After an answer this changes nothing.
      });
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGKILL; resolves once the process is gone. */
  async kill(): Promise<ProcessEnd> {
    this.#child.kill('SIGKILL');
    return this.ended;
  }

  /** Waits for the end, at most `deadlineMs`. */
  async isGoneWithin(deadlineMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, deadlineMs, false);
    });
    const isGone = await Promise.race([this.ended.then(() => true as const), deadline]);
    clearTimeout(timer);
    return isGone;
  }

  async #watchEnd(): Promise<ProcessEnd> {
    const end = await new Promise<ProcessEnd>((resolve) => {
      this.#child.once('error', (error: NodeJS.ErrnoException) => {
        this.#stderr += error.message;
        if (this.#child.pid === undefined) resolve({ code: -1, signal: null });
      });
      // Messages may arrive after 'exit', but not after 'disconnect'.
      const disconnected = new Promise<void>((done) => {
        this.#child.once('disconnect', done);
      });
      this.#child.once('exit', (code, signal) => {
        void disconnected.then(() => {
          resolve({ code, signal });
        });
      });
    });
    this.end = end;
    return end;
  }
}
