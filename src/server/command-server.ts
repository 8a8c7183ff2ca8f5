/** A program of the user's as the server of a trial: started where the launcher says, ready when it listens, stopped as a parent does. */
import { statSync } from 'node:fs';
import type { ProcessEnd } from '../kernel/ipc-child.ts';
import type { CommandServerConfig } from '../scenario/config.ts';
import { ServerProcessError } from './child.ts';
import { CommandProcess } from './command-process.ts';
import { whyNotReady } from './command-readiness.ts';
import { unknownSettings, type TrialServer } from './server-handle.ts';

export interface CommandServerOptions {
  /** A command that ends in executing what follows it, without a fork, e.g. `nsenter ...` of a lab's host. */
  readonly launcher?: readonly string[];
  /** The dotted IPv4 address to listen on. */
  readonly host: string;
  /** How long the program may take to end by SIGTERM beyond its grace, at most 3 s; then comes SIGKILL. */
  readonly deadlineMs: number;
}

/** The handle on a command server: always a process, never a report. */
export interface CommandServerHandle extends TrialServer {
  /** The program itself, root of its process tree. */
  readonly pid: number;
  readonly output: () => string;
}

const mostTerminateMs = 3_000;

/**
 * Starts the program with HOST and PORT in its environment, and `{host}` and `{port}` in its arguments replaced, and waits for it to be
 * ready. Rejects with a ServerProcessError (EEXITED, EDEADLINE, ECWD) that has the program's last output; then no process is left.
 * The program must stay in the foreground: it has died when the process that was started ends.
 */
export async function startCommandServer(
  config: CommandServerConfig,
  { launcher = [], host, deadlineMs }: CommandServerOptions,
): Promise<CommandServerHandle> {
  const words = config.command.map((word) => word.replaceAll('{port}', String(config.port)).replaceAll('{host}', host));
  const name = `The server command \`${words.join(' ')}\``;
  if (statSync(config.cwd, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new ServerProcessError('ECWD', `${name} cannot start: there is no folder ${config.cwd}.`, null, null);
  }
  const env = { ...process.env, ...config.env, HOST: host, PORT: String(config.port) };
  const command = await CommandProcess.start({ words, cwd: config.cwd, env, launcher });
  const { port, readyPath, readyTimeoutMs: timeoutMs } = config;
  const reason = await whyNotReady({ command, launcher, host, port, readyPath, timeoutMs });
  const { pid } = command;
  if (reason === null && pid !== null && command.end === null)
    return new CommandServer(command, name, pid, { host, port, words, deadlineMs });
  const hasEnded = command.end !== null;
  await command.kill();
  const end = await command.ended;
  throw failure(
    hasEnded ? 'EEXITED' : 'EDEADLINE',
    notReady(name, hasEnded ? end : null, reason, timeoutMs),
    command,
    end,
  );
}

function notReady(name: string, end: ProcessEnd | null, reason: string | null, timeoutMs: number): string {
  if (end !== null) return `${name} ${describeEnd(end)} before it was ready.`;
  return `${name} was not ready within ${timeoutMs} ms: ${reason ?? 'it has no process'}.`;
}

function describeEnd({ code, signal }: ProcessEnd): string {
  return signal === null ? `exited with code ${code ?? -1}` : `was ended by ${signal}`;
}

function failure(code: string, sentence: string, command: CommandProcess, end: ProcessEnd | null): ServerProcessError {
  const output = command.output.text();
  const words = output === '' ? 'It wrote nothing.' : `The last it wrote:\n${output}`;
  return new ServerProcessError(code, `${sentence} ${words}`, end, null);
}

class CommandServer implements CommandServerHandle {
  readonly host: string;
  readonly port: number;
  readonly settings: TrialServer['settings'];
  readonly died: Promise<ProcessEnd>;
  readonly whyNoReport = 'a command server does not report its counts';
  readonly pid: number;
  readonly #command: CommandProcess;
  readonly #name: string;
  readonly #terminateMs: number;
  #isExpectedToEnd = false;
  #stopped: Promise<null> | null = null;

  constructor(
    command: CommandProcess,
    name: string,
    pid: number,
    { host, port, words, deadlineMs }: { host: string; port: number; words: readonly string[]; deadlineMs: number },
  ) {
    this.#command = command;
    this.#name = name;
    this.pid = pid;
    this.host = host;
    this.port = port;
    this.settings = unknownSettings(words.join(' '));
    this.#terminateMs = Math.min(deadlineMs, mostTerminateMs);
    this.died = new Promise((resolve) => {
      void command.ended.then((end) => {
        if (!this.#isExpectedToEnd) resolve(end);
      });
    });
  }

  readonly output = (): string => this.#command.output.text();

  snapshot(): Promise<null> {
    const death = this.#death();
    return death === null ? Promise.resolve(null) : Promise.reject(death);
  }

  stop(graceMs: number): Promise<null> {
    this.#stopped ??= this.#stop(graceMs);
    return this.#stopped;
  }

  /** SIGTERM, the grace, SIGKILL. */
  async #stop(graceMs: number): Promise<null> {
    const death = this.#death();
    if (death !== null) throw death;
    this.#isExpectedToEnd = true;
    this.#command.terminate();
    if (!(await this.#command.isGoneWithin(graceMs + this.#terminateMs))) await this.#command.kill();
    return null;
  }

  async kill(): Promise<void> {
    this.#isExpectedToEnd = true;
    await this.#command.kill();
  }

  #death(): ServerProcessError | null {
    const { end } = this.#command;
    return end === null ? null : failure('EEXITED', `${this.#name} ${describeEnd(end)}.`, this.#command, end);
  }
}
