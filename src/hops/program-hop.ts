/** An installed program as a hop: in a folder of its own, ready when it listens, ended with every process of its tree. */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessEnd } from '../kernel/ipc-child.ts';
import type { HopKind } from '../scenario/hop-config.ts';
import { CommandProcess } from '../server/command-process.ts';
import { whyNotReady } from '../server/command-readiness.ts';
import { HopError, type HopHandle, type PartialHopReport, type StartHopOptions } from './hop-handle.ts';
import type { LiveHopSettings } from './messages.ts';

export interface InstalledProgram {
  readonly kind: HopKind;
  readonly words: readonly string[];
  readonly port: number;
  /** A folder that is the program's alone, and is removed after its end. */
  readonly folder: string;
  readonly settings: LiveHopSettings;
  readonly whyNull: string | null;
  /** What it counts while it runs. */
  readonly counts: () => Promise<PartialHopReport | null>;
  /** Connections of clients that are open now; 0 where the program does not tell. */
  readonly open: () => Promise<number>;
  /** What it left behind when it ended, beside the counts that were read last. */
  readonly lastCounts: (before: PartialHopReport | null) => Promise<PartialHopReport | null>;
}

const mostTerminateMs = 3_000;
const pollMs = 10;

/** Rejects with a HopError (EEXITED, EDEADLINE) that has the program's last output; then no process and no folder is left. */
export async function startProgram(
  program: InstalledProgram,
  { host, launcher = [], deadlineMs }: StartHopOptions,
): Promise<HopHandle> {
  const { words, folder, port } = program;
  const command = await CommandProcess.start({ words, cwd: folder, env: process.env, launcher });
  const reason = await whyNotReady({ command, launcher, host, port, readyPath: null, timeoutMs: deadlineMs });
  const { pid } = command;
  if (reason === null && pid !== null && command.end === null)
    return new ProgramHop(program, host, command, pid, deadlineMs);
  const hasEnded = command.end !== null;
  await command.kill();
  await rm(folder, { recursive: true, force: true });
  const words2 = hasEnded ? 'ended before it was ready' : `was not ready: ${reason ?? 'it has no process'}`;
  throw new HopError(hasEnded ? 'EEXITED' : 'EDEADLINE', `${program.kind} ${words2}. ${said(command)}`);
}

function said(command: CommandProcess): string {
  const text = command.output.text();
  return text === '' ? 'It wrote nothing.' : `The last it wrote:\n${text}`;
}

class ProgramHop implements HopHandle {
  readonly kind: HopKind;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly settings: LiveHopSettings;
  readonly whyNull: string | null;
  readonly died: Promise<ProcessEnd>;
  readonly #program: InstalledProgram;
  readonly #command: CommandProcess;
  readonly #deadlineMs: number;
  #isExpectedToEnd = false;
  #stopped: Promise<PartialHopReport | null> | null = null;

  constructor(program: InstalledProgram, host: string, command: CommandProcess, pid: number, deadlineMs: number) {
    this.#program = program;
    this.#command = command;
    this.#deadlineMs = deadlineMs;
    this.kind = program.kind;
    this.host = host;
    this.port = program.port;
    this.pid = pid;
    this.settings = program.settings;
    this.whyNull = program.whyNull;
    this.died = new Promise((resolve) => {
      void command.ended.then((end) => {
        if (!this.#isExpectedToEnd) resolve(end);
      });
    });
  }

  snapshot(): Promise<PartialHopReport | null> {
    const death = this.#death();
    return death === null ? this.#program.counts() : Promise.reject(death);
  }

  stop(graceMs: number): Promise<PartialHopReport | null> {
    this.#stopped ??= this.#stop(graceMs);
    return this.#stopped;
  }

  async kill(): Promise<void> {
    this.#isExpectedToEnd = true;
    await this.#command.kill();
    await rm(this.#program.folder, { recursive: true, force: true });
  }

  async #stop(graceMs: number): Promise<PartialHopReport | null> {
    const death = this.#death();
    if (death !== null) throw death;
    this.#isExpectedToEnd = true;
    try {
      const deadline = Date.now() + graceMs;
      while ((await this.#program.open()) > 0 && Date.now() < deadline) await sleep(pollMs);
      const counts = await this.#program.counts();
      this.#command.terminate();
      if (!(await this.#command.isGoneWithin(Math.min(this.#deadlineMs, mostTerminateMs)))) await this.#command.kill();
      return await this.#program.lastCounts(counts);
    } finally {
      await this.kill();
    }
  }

  #death(): HopError | null {
    const { end } = this.#command;
    if (end === null) return null;
    const how = end.signal === null ? `exited with code ${end.code ?? -1}` : `was ended by ${end.signal}`;
    return new HopError('EEXITED', `${this.kind} ${how}. ${said(this.#command)}`);
  }
}
