/** The two hosts of a lab as network namespaces, each kept by a holder, and the commands that start programs inside them. */
import { openHolder, type Holder } from './holder.ts';
import type { LabWay } from './capability.ts';
import type { Side } from './messages.ts';

export interface Host {
  /** The process whose network namespace is the host. */
  readonly holderPid: number;
  /** Starts what follows it inside the host, as the user who runs this program. */
  readonly launcher: readonly string[];
  /** The same with the right to configure the host. */
  readonly adminLauncher: readonly string[];
}

export interface Hosts {
  readonly client: Host;
  readonly server: Host;
  /** Starts what follows it in the third namespace, from which devices can be moved into both hosts. */
  readonly linkLauncher: readonly string[];
  /** Resolves with a sentence when any holder ends. */
  readonly ended: Promise<string>;
  /** The namespaces vanish once the last process in them has ended. */
  close(): Promise<void>;
}

/** Makes both hosts. Rejects with an Error that says why not; nothing is left then. */
export async function openHosts(way: LabWay, deadlineMs: number): Promise<Hosts> {
  const holders: Holder[] = [];
  const open = async (launcher: readonly string[]): Promise<Holder> => {
    const holder = await openHolder(launcher, deadlineMs);
    holders.push(holder);
    return holder;
  };
  const close = async (): Promise<void> => {
    await Promise.all(holders.map((holder) => holder.close()));
  };
  const home = way.how === 'root' ? null : await open([way.unshare, '--user', '--map-root-user', '--net']);
  const intoHome = home === null ? [] : enter(way, home.pid, ['--user', '--preserve-credentials']);
  const opening = await Promise.allSettled([
    open([...intoHome, way.unshare, '--net']),
    open([...intoHome, way.unshare, '--net']),
  ]);
  const [client, server] = opening;
  if (client.status === 'rejected' || server.status === 'rejected') {
    await close();
    throw client.status === 'rejected' ? client.reason : (server as PromiseRejectedResult).reason;
  }
  return {
    client: hostOf(way, client.value.pid),
    server: hostOf(way, server.value.pid),
    linkLauncher:
      home === null ? [way.unshare, '--net'] : enter(way, home.pid, ['--user', '--preserve-credentials', '--net']),
    ended: firstEnd([
      ['the client host', client.value],
      ['the server host', server.value],
      ...(home === null ? [] : [['the user namespace', home] as const]),
    ]),
    close,
  };
}

/** The name of a side in a sentence. */
export const hostName = (side: Side): string => `host ${JSON.stringify(side)}`;

function enter(way: LabWay, pid: number, namespaces: readonly string[]): readonly string[] {
  return [way.nsenter, '--target', String(pid), ...namespaces];
}

function hostOf(way: LabWay, holderPid: number): Host {
  if (way.how === 'root') {
    const launcher = enter(way, holderPid, ['--net']);
    return { holderPid, launcher, adminLauncher: launcher };
  }
  const adminLauncher = enter(way, holderPid, ['--user', '--preserve-credentials', '--net']);
  return { holderPid, launcher: [...adminLauncher, ...asOneself(way)], adminLauncher };
}

/**
 * In the user namespace one is root in name, and programs that then try to become somebody else fail (nginx does). A second user namespace
 * gives the own number back, without any privilege, as outside.
 */
function asOneself({ unshare, mapsUser }: LabWay): readonly string[] {
  const user = process.getuid?.() ?? 0;
  const group = process.getgid?.() ?? 0;
  if (!mapsUser || user === 0) return [];
  return [unshare, `--map-user=${user}`, `--map-group=${group}`];
}

function firstEnd(holders: readonly (readonly [name: string, holder: Holder])[]): Promise<string> {
  return Promise.race(
    holders.map(async ([name, holder]) => `The process ${holder.pid} that keeps ${name} ${await holder.ended}.`),
  );
}
