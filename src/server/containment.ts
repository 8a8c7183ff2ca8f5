/** How a program of the user's is started so that no process of its tree outlives the trial or a killed controller. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A command in front of the program that contains its processes. */
export interface Containment {
  readonly prefix: readonly string[];
  /**
   * True: a PID namespace. All processes end with its first one, a shell below `unshare` that only waits for the program. False: the
   * program is the started process, and its tree is found by process group and parents.
   */
  readonly isNamespace: boolean;
}

/** The kernel kills the started process when its parent, the controller, dies. It outlives exec, but not a change of credentials. */
const diesWithParent = ['setpriv', '--pdeathsig', 'KILL'];

/**
 * The first process of a namespace ignores signals that it does not handle, and inherits orphans. So that is a shell, which reaps them,
 * and the program is an ordinary process in a session of its own. The words of the program are passed on as they are. The shell itself
 * says nothing: some report how a child ended.
 */
const firstProcess = ['sh', '-c', 'exec 3>&2 2>/dev/null; setsid "$@" 2>&3 3>&- & exec 3>&-; wait "$!"', 'sh'];

function namespace(...flags: readonly string[]): Containment {
  const unshare = ['unshare', '--fork', '--kill-child', '--pid', ...flags];
  return { prefix: [...diesWithParent, ...unshare, ...firstProcess], isNamespace: true };
}

/**
 * The strongest containment that works behind `launcher`, tried out with `true`. PID namespaces need root or the user namespace of a
 * lab; some containers forbid a fresh /proc in them. Without a namespace, processes that leave both the group and the tree (a daemon
 * that forks twice and takes its own session) stay behind; the program's documentation says how to keep it in the foreground.
 */
export async function findContainment(launcher: readonly string[]): Promise<Containment> {
  for (const candidate of [
    namespace('--mount-proc'),
    namespace(),
    { prefix: diesWithParent, isNamespace: false },
  ] satisfies Containment[]) {
    if (await works([...launcher, ...candidate.prefix, 'true'])) return candidate;
  }
  return { prefix: [], isNamespace: false };
}

async function works([program = '', ...args]: readonly string[]): Promise<boolean> {
  const child = spawn(program, args, { stdio: 'ignore' });
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code === 0;
  } catch {
    return false; // Not installed.
  }
}

/**
 * Watches over a process group without a namespace: when the controller is gone, be it by SIGKILL, the pipe ends and the guard kills
 * the group. Gives the function that ends the watch, which resolves once the guard is gone.
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
