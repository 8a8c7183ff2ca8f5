/** How a program that knows nothing of its parent is made to end with it, be it by SIGKILL. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A command in front of a program: the kernel kills it when the thread that started it ends. It outlives exec, but not a change of credentials. */
export const diesWithParent: readonly string[] = ['setpriv', '--pdeathsig', 'KILL'];

/** Whether a command can be executed here and exits with 0. */
export async function works([program = '', ...args]: readonly string[]): Promise<boolean> {
  const child = spawn(program, args, { stdio: 'ignore' });
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code === 0;
  } catch {
    return false; // Not installed.
  }
}

/**
 * Watches over a process group: when this process is gone, be it by SIGKILL, the pipe ends and the guard kills the group. Gives the
 * function that ends the watch, which resolves once the guard is gone.
 */
export function guardGroup(group: number): () => Promise<void> {
  const guard = spawn('sh', ['-c', 'read -r line; kill -s KILL -- "-$1"', 'sh', String(group)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const ended = once(guard, 'exit').catch(() => undefined);
  guard.stdin.on('error', () => undefined);
  return async () => {
    guard.kill('SIGKILL');
    await ended;
  };
}
