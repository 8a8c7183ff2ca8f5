/** The processes of a user's program: started under a launcher and a containment, watched, asked to end, and killed to the last one. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { guardGroup } from '../kernel/end-with-parent.ts';
import type { ProcessEnd } from '../kernel/ipc-child.ts';
import { processTree } from '../kernel/proc-tree.ts';
import { ProcessReader } from '../kernel/proc.ts';
import { findContainment, type Containment } from './containment.ts';
import { OutputTail } from './output-tail.ts';

export interface CommandToStart {
  /** Program and arguments, with nothing left to replace. */
  readonly words: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** A command that starts the program inside a host of a lab, without forking; empty for none. */
  readonly launcher: readonly string[];
}

/** How long pipes may stay open after the program ended, held by a process that escaped. */
const lastOutputMs = 200;
/** How long killed processes may take to be gone. */
const goneMs = 5_000;

export class CommandProcess {
  readonly output = new OutputTail();
  /** How it ended; null while it runs. */
  end: ProcessEnd | null = null;
  /** Resolves once the program and, as far as it is contained, every process of its tree has ended. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  readonly #containment: Containment;
  readonly #endGuard: () => Promise<void>;
  #programPid: number | null = null;
  #isKilled = false;

  /** A program that cannot be started is one that ended, with what the system said as its output. */
  static async start(command: CommandToStart): Promise<CommandProcess> {
    return new CommandProcess(command, await findContainment(command.launcher));
  }

  private constructor({ words, cwd, env, launcher }: CommandToStart, containment: Containment) {
    const [program = '', ...args] = [...launcher, ...containment.prefix, ...words];
    // Detached: a process group of its own, and Ctrl-C stays with the controller.
    this.#child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#containment = containment;
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        // `unshare` has words of its own when what it waits for is killed.
        if (!this.#isKilled) this.output.add(chunk);
      });
    }
    this.ended = this.#watchEnd();
    const started = this.#child.pid;
    this.#endGuard = containment.isNamespace || started === undefined ? () => Promise.resolve() : guardGroup(started);
  }

  async #watchEnd(): Promise<ProcessEnd> {
    const containment = this.#containment;
    const closed = once(this.#child, 'close').catch(() => undefined);
    const end = await new Promise<ProcessEnd>((resolve) => {
      this.#child.once('error', (error) => {
        this.output.add(Buffer.from(error.message));
        if (this.#child.pid === undefined) resolve({ code: -1, signal: null });
      });
      this.#child.once('exit', (code, signal) => {
        if (this.#isKilled) resolve({ code: null, signal: 'SIGKILL' });
        else resolve(containment.isNamespace ? throughShell(code, signal) : { code, signal });
      });
    });
    if (!containment.isNamespace) this.#signalGroup(this.#child.pid, 'SIGKILL');
    await Promise.race([closed, sleep(lastOutputMs, undefined, { ref: false })]);
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    await this.#endGuard();
    this.end = end;
    return end;
  }

  /** The program's own pid; null until it is there, which takes some milliseconds behind a launcher. */
  get pid(): number | null {
    this.#programPid ??= this.#findProgram();
    return this.#programPid;
  }

  /** Below a namespace's `unshare` and its shell, the program is the third process. */
  #findProgram(): number | null {
    const started = this.#child.pid;
    if (started === undefined) return null;
    return processTree([started])[this.#containment.isNamespace ? 2 : 0] ?? null;
  }

  /** Program and descendants now. */
  tree(): readonly number[] {
    return this.pid === null ? [] : processTree([this.pid]);
  }

  /** SIGTERM to the program's process group, as a terminal or a service manager does. */
  terminate(): void {
    this.#signalGroup(this.pid ?? undefined, 'SIGTERM');
  }

  /** Waits for the end, at most `deadlineMs`. */
  async isGoneWithin(deadlineMs: number): Promise<boolean> {
    const abort = new AbortController();
    const deadline = sleep(deadlineMs, false as const, { signal: abort.signal }).catch(() => false as const);
    const isGone = await Promise.race([this.ended.then(() => true as const), deadline]);
    abort.abort();
    return isGone;
  }

  /** SIGKILL to all; resolves once they are gone. */
  async kill(): Promise<void> {
    const started = this.#child.pid;
    if (started === undefined || this.end !== null) return;
    this.#isKilled = true;
    const members = processTree([started]);
    if (this.#containment.isNamespace) {
      // With the namespace's first process all others end, and `unshare` after them. `unshare` itself must not end before.
      signalProcess(members[1] ?? started, 'SIGKILL');
    } else {
      this.#signalGroup(started, 'SIGKILL');
      for (const pid of members) signalProcess(pid, 'SIGKILL');
    }
    await this.ended;
    const deadline = Date.now() + goneMs;
    while (members.some(isAlive) && Date.now() < deadline) await sleep(2);
  }

  #signalGroup(group: number | undefined, signal: NodeJS.Signals): void {
    if (group !== undefined) signalProcess(-group, signal);
  }
}

/** It may have ended meanwhile, or belong to another user. */
function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Whether it is gone is seen by looking, not by this.
  }
}

function isAlive(pid: number): boolean {
  const reader = new ProcessReader(pid);
  const { ended } = reader.read();
  reader.close();
  return !ended;
}

/** A shell tells of a program that was ended by signal n by its own exit code, 128 + n. */
function throughShell(code: number | null, signal: NodeJS.Signals | null): ProcessEnd {
  const byNumber = Object.entries(constants.signals).find(([, number]) => code === 128 + number);
  return byNumber === undefined ? { code, signal } : { code: null, signal: byNumber[0] as NodeJS.Signals };
}
