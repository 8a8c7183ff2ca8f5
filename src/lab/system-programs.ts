/** Finds and runs the few system programs that a lab needs, each for a moment. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where `ip` may be though an ordinary user's PATH does not say so. */
const systemFolders = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/** The absolute path of a program, or null. */
export function findProgram(name: string, path = process.env['PATH'] ?? ''): string | null {
  const folders = [...path.split(delimiter).filter((folder) => folder.startsWith('/')), ...systemFolders];
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Messages in English, so that reasons can be read. */
export const plainEnvironment = (): NodeJS.ProcessEnv => ({ ...process.env, LC_ALL: 'C' });

export interface ProgramResult {
  readonly ok: boolean;
  readonly stdout: string;
  /** What it said on standard error, or how it ended. Empty where ok. */
  readonly reason: string;
}

/** Runs a command to its end, at most `deadlineMs`, then SIGKILL. Never rejects: a program that cannot be started is not ok. */
export function runProgram(command: readonly string[], deadlineMs: number, input = ''): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const [program = '', ...args] = command;
    const child = spawn(program, args, { env: plainEnvironment(), timeout: deadlineMs, killSignal: 'SIGKILL' });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.on('error', () => undefined).end(input); // It may end without reading.
    child.once('error', (error) => {
      resolve({ ok: false, stdout, reason: error.message });
    });
    child.once('close', (code, signal) => {
      const how = signal === null ? `exit code ${code ?? -1}` : `ended by ${signal}`;
      resolve({ ok: code === 0, stdout, reason: code === 0 ? '' : stderr.trim() || how });
    });
  });
}
