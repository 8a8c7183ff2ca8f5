/** How a program of the user's is started so that no process of its tree outlives the trial or a killed controller. */
import { diesWithParent, works } from '../kernel/end-with-parent.ts';

/** A command in front of the program that contains its processes. */
export interface Containment {
  readonly prefix: readonly string[];
  /**
   * True: a PID namespace. All processes end with its first one, a shell below `unshare` that only waits for the program. False: the
   * program is the started process, and its tree is found by process group and parents.
   */
  readonly isNamespace: boolean;
}

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
