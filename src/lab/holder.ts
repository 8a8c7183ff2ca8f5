/**
 * A tiny process that keeps a namespace alive: `cat` behind `unshare`, fed by a pipe that only this process holds. However this process
 * ends, cat reads the end of its input and is gone, and the namespace with it.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { findProgram, plainEnvironment } from './system-programs.ts';

/** How long a holder may take to end by itself. */
const graceMs = 1000;

export interface Holder {
  readonly pid: number;
  /** Resolves with a sentence when the holder has ended, for whatever reason. */
  readonly ended: Promise<string>;
  /** Ends it; resolves once it is gone. */
  close(): Promise<void>;
}

/** Starts `cat` behind the launcher and waits until it runs. Rejects with an Error that holds the launcher's words; nothing is left then. */
export async function openHolder(launcher: readonly string[], deadlineMs: number): Promise<Holder> {
  const [program, ...args] = [...launcher, findProgram('cat') ?? 'cat'];
  // A session of its own: Ctrl-C in the terminal is for the controller, which still needs the host to end its work in order.
  const child = spawn(program, args, { detached: true, env: plainEnvironment() });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('exit', (code, signal) => {
      resolve(signal === null ? `exited with code ${code ?? -1}` : `was ended by ${signal}`);
    });
  });
  try {
    await echo(child, deadlineMs);
  } catch (error) {
    child.kill('SIGKILL');
    await ended;
    throw error;
  }
  child.stdout.destroy();
  child.stderr.destroy();
  return { pid: child.pid ?? -1, ended, close: () => end(child, ended) };
}

/** What goes in comes out only once the namespace is made and cat runs in it. */
function echo(child: ChildProcessWithoutNullStreams, deadlineMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let stderr = '';
    const timer = setTimeout(() => {
      reject(new Error(`no answer within ${deadlineMs} ms`));
    }, deadlineMs);
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdout.once('data', () => {
      clearTimeout(timer);
      resolve();
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      reject(new Error(stderr.trim() || `exit code ${code ?? -1}`));
    });
    child.stdin.write('\n');
  });
}

async function end(child: ChildProcessWithoutNullStreams, ended: Promise<string>): Promise<void> {
  child.stdin.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
  child.stdin.destroy();
}
