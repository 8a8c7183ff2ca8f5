/** Who listens on a TCP port, as /proc shows it: without a connection, so that the listener and its counters notice nothing. */
import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { netRoot, tcpStates } from './proc-net.ts';

export interface Listener {
  /** `127.0.0.1`, `0.0.0.0`, `::`, or another IPv6 address in eight groups without abbreviation; mapped IPv4 is written as IPv4. */
  readonly address: string;
  /** Of the socket, as in the links of `/proc/PID/fd`. */
  readonly inode: string;
}

/** The listening sockets of a port in the network namespace of `pid`. Throws as `fs` does where there is no socket table. */
export function listenersOn(port: number, pid?: number): readonly Listener[] {
  const found = readListeners(`${netRoot(pid)}/tcp`, port);
  try {
    return [...found, ...readListeners(`${netRoot(pid)}/tcp6`, port)];
  } catch (error) {
    // A kernel without IPv6 has no such table.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return found;
    throw error;
  }
}

/** Parses `/proc/net/tcp` or `tcp6` up to the first socket that does not listen: the kernel lists listening ones first. */
export function parseListeners(
  text: string,
  port: number,
): { readonly listeners: Listener[]; readonly hasMore: boolean } {
  const listeners: Listener[] = [];
  const lines = text.split('\n');
  // The last line may be cut; the first is the heading.
  for (const line of lines.slice(1, -1)) {
    const fields = line.trim().split(/\s+/);
    const [address = '', localPort = ''] = (fields[1] ?? '').split(':');
    if (Number.parseInt(fields[3] ?? '', 16) !== tcpStates.listen) return { listeners, hasMore: false };
    if (Number.parseInt(localPort, 16) === port)
      listeners.push({ address: addressOf(address), inode: fields[9] ?? '' });
  }
  return { listeners, hasMore: true };
}

const chunkBytes = 1 << 16;

function readListeners(path: string, port: number): readonly Listener[] {
  const fd = openSync(path, 'r');
  const chunk = Buffer.allocUnsafe(chunkBytes);
  let text = '';
  try {
    for (;;) {
      const count = readSync(fd, chunk, 0, chunkBytes, null);
      text += chunk.toString('latin1', 0, count);
      const { listeners, hasMore } = parseListeners(text, port);
      if (count === 0 || !hasMore) return listeners;
    }
  } finally {
    closeSync(fd);
  }
}

/** Each 32-bit word of an address is written in the byte order of the machine; those that Node runs on are little-endian. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex').reverse()]);
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0));
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return bytes.slice(12).join('.');
  if (groups.every((group) => group === 0)) return '::';
  return groups.map((group) => group.toString(16)).join(':');
}

/** Whether one of the processes has the socket open; `unknown` where none was found but not every process may be looked into. */
export function isHeldBy(inode: string, pids: readonly number[]): boolean | 'unknown' {
  let unreadable = false;
  for (const pid of pids) {
    const links = socketLinks(pid);
    if (links === null) unreadable = true;
    else if (links.includes(`socket:[${inode}]`)) return true;
  }
  return unreadable ? 'unknown' : false;
}

/** Null where this user may not see them; empty where the process has ended. */
function socketLinks(pid: number): readonly string[] | null {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory).map((fd) => linkOf(`${directory}/${fd}`));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? [] : null;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // Closed in between.
  }
}
