/** The controller's handle on a server process: start, snapshot and stop, each with a deadline, and news of an early death. */
import { entryFile } from '../kernel/entry.ts';
import { IpcChild, type ProcessEnd } from '../kernel/ipc-child.ts';
import type { BundledServerConfig } from '../scenario/config.ts';
import type {
  FromServer,
  LiveServerSettings,
  MeasureSpan,
  ServerReport,
  ServerTlsIdentity,
  ToServer,
} from './messages.ts';

export type { ProcessEnd } from '../kernel/ipc-child.ts';

export interface StartServerOptions {
  readonly seed: number;
  /** A dotted IPv4 address; 127.0.0.1 where absent. */
  readonly host?: string;
  /** Any free port where absent. */
  readonly port?: number;
  /** A command that starts the process, e.g. inside a host of a lab; nothing where absent. */
  readonly launcher?: readonly string[];
  /** Needed exactly where the configuration has `tls`. */
  readonly tls?: ServerTlsIdentity;
  /** Whether requests have the field `Connbench-Request`; absent: no. */
  readonly countDuplicates?: boolean;
  /** How long the start, a snapshot and, beyond its grace, a stop may take. */
  readonly deadlineMs: number;
}

export interface ServerHandle {
  readonly pid: number;
  readonly host: string;
  readonly port: number;
  readonly settings: LiveServerSettings;
  /** It is certain when measure is: what the configuration orders for then is done in time. */
  measure(span: MeasureSpan): void;
  /** Rejects with a ServerProcessError where the server has died or does not answer in time. */
  snapshot(): Promise<ServerReport>;
  /**
   * Asks the server to stop, then sends SIGTERM, then SIGKILL; resolves with its last report once the process is gone. Every call
   * gives the same promise. Rejects with a ServerProcessError where there is no last report.
   */
  stop(graceMs: number): Promise<ServerReport>;
  /** Resolves when the process exits though nobody stopped or killed it. */
  readonly died: Promise<ProcessEnd>;
  /** SIGKILL; resolves once the process is gone. */
  kill(): Promise<void>;
}

/** A server process that failed, died or fell silent. `code` is for programs: the server's own, or EEXITED, EDEADLINE. */
export class ServerProcessError extends Error {
  override readonly name = 'ServerProcessError';
  readonly code: string;
  /** How the process ended; null where it did not. */
  readonly end: ProcessEnd | null;
  readonly lastReport: ServerReport | null;

  constructor(code: string, message: string, end: ProcessEnd | null, lastReport: ServerReport | null) {
    super(message);
    this.code = code;
    this.end = end;
    this.lastReport = lastReport;
  }
}

/** Starts a server in a process of its own. Rejects with a ServerProcessError; then no process is left behind. */
export async function startServer(config: BundledServerConfig, options: StartServerOptions): Promise<ServerHandle> {
  const { seed, host = '127.0.0.1', port = 0, deadlineMs, launcher = [], tls, countDuplicates } = options;
  const server = new ServerProcess(deadlineMs, launcher);
  try {
    server.send({
      type: 'start',
      config,
      host,
      port,
      seed,
      ...(tls === undefined ? {} : { tls }),
      ...(countDuplicates === undefined ? {} : { countDuplicates }),
    });
    const listening = await server.expect('its start', deadlineMs, isListening);
    return {
      pid: server.pid,
      host: listening.host,
      port: listening.port,
      settings: listening.settings,
      measure: (span) => {
        server.send({ type: 'measure', ...span });
      },
      snapshot: () => server.snapshot(),
      stop: (graceMs) => server.stop(graceMs),
      died: server.died,
      kill: () => server.kill(),
    };
  } catch (error) {
    await server.kill();
    throw error;
  }
}

const isListening = (message: FromServer): message is Extract<FromServer, { type: 'listening' }> =>
  message.type === 'listening';
const isStopped = (message: FromServer): message is Extract<FromServer, { type: 'stopped' }> =>
  message.type === 'stopped';

type Matcher<M extends FromServer> = (message: FromServer) => message is M;

class ServerProcess {
  readonly died: Promise<ProcessEnd>;
  readonly #child: IpcChild<ToServer, FromServer>;
  readonly #deadlineMs: number;
  #failure: Extract<FromServer, { type: 'failed' }> | null = null;
  #lastReport: ServerReport | null = null;
  #isExpectedToEnd = false;
  #stopped: Promise<ServerReport> | null = null;
  #nextId = 0;

  constructor(deadlineMs: number, launcher: readonly string[]) {
    this.#deadlineMs = deadlineMs;
    this.#child = new IpcChild(entryFile(import.meta.url, './main'), [], launcher);
    this.#child.onMessage((message) => {
      if (message.type === 'snapshot' || message.type === 'stopped') this.#lastReport = message.report;
      else if (message.type === 'failed') this.#failure = message;
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

  send(message: ToServer): void {
    this.#child.send(message);
  }

  async snapshot(): Promise<ServerReport> {
    const id = this.#nextId++;
    this.send({ type: 'snapshot', id });
    const isAnswer = (message: FromServer): message is Extract<FromServer, { type: 'snapshot' }> =>
      message.type === 'snapshot' && message.id === id;
    return (await this.expect('a snapshot', this.#deadlineMs, isAnswer)).report;
  }

  stop(graceMs: number): Promise<ServerReport> {
    this.#stopped ??= this.#stop(graceMs);
    return this.#stopped;
  }

  async kill(): Promise<void> {
    this.#isExpectedToEnd = true;
    await this.#child.kill();
  }

  async #stop(graceMs: number): Promise<ServerReport> {
    this.#isExpectedToEnd = true;
    this.send({ type: 'stop', graceMs });
    try {
      return (await this.expect('its stop', graceMs + this.#deadlineMs, isStopped)).report;
    } catch (error) {
      if (this.#child.end !== null) throw error;
      return await this.#terminate(error);
    } finally {
      if (!(await this.#child.isGoneWithin(this.#deadlineMs))) await this.kill();
    }
  }

  /** The second step: SIGTERM, which ends a server that is still able to without any grace. Rejects with `reason` where it is not. */
  async #terminate(reason: unknown): Promise<ServerReport> {
    this.#child.signal('SIGTERM');
    try {
      return (await this.expect('its end by SIGTERM', this.#deadlineMs, isStopped)).report;
    } catch {
      throw reason;
    }
  }

  /** The first message that matches. Rejects with a ServerProcessError at the deadline and when the process ends. */
  expect<M extends FromServer>(what: string, deadlineMs: number, matches: Matcher<M>): Promise<M> {
    const sentence = `The server process ${this.pid} did not answer within ${deadlineMs} ms (${what}).`;
    return this.#child.answer((message) => (matches(message) ? message : null), {
      deadlineMs,
      silence: () => new ServerProcessError('EDEADLINE', sentence, null, this.#lastReport),
      ending: (end) => this.#endError(end),
    });
  }

  #endError(end: ProcessEnd): ServerProcessError {
    if (this.#failure !== null) {
      return new ServerProcessError(this.#failure.code, this.#failure.message, end, this.#lastReport);
    }
    const sentence = `The server process ${this.pid} ${this.#child.describeEnd(end)}.`;
    return new ServerProcessError('EEXITED', sentence, end, this.#lastReport);
  }
}
