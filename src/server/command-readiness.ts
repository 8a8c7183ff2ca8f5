/** When a user's program is ready: its port has a listener, seen in /proc without a connection, or a path answers. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { entryFile } from '../kernel/entry.ts';
import { isHeldBy, listenersOn } from '../kernel/proc-listen.ts';
import type { CommandProcess } from './command-process.ts';
import { OutputTail } from './output-tail.ts';

export interface Readiness {
  readonly command: CommandProcess;
  readonly launcher: readonly string[];
  readonly host: string;
  readonly port: number;
  /** Null: listening is enough. */
  readonly readyPath: string | null;
  readonly timeoutMs: number;
}

const pollMs = 10;

/** Null once it is ready; otherwise what was waited for in vain, as the rest of a sentence. Also where the program ends. */
export async function whyNotReady(wanted: Readiness): Promise<string | null> {
  const abort = new AbortController();
  const { signal } = abort;
  const timer = setTimeout(() => {
    abort.abort();
  }, wanted.timeoutMs);
  void wanted.command.ended.then(() => {
    abort.abort();
  });
  try {
    const notListening = await untilListening(wanted, signal);
    if (notListening !== null || wanted.readyPath === null) return notListening;
    return await untilAnswering(wanted, wanted.readyPath, signal);
  } finally {
    clearTimeout(timer);
  }
}

async function untilListening(wanted: Readiness, signal: AbortSignal): Promise<string | null> {
  for (;;) {
    const reason = process.platform === 'linux' ? whyNotListening(wanted) : await whyNotAccepting(wanted);
    if (reason === null || signal.aborted) return reason;
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
}

/** A listener of IPv6 on all addresses is taken to accept IPv4, too, as it does unless it was told not to. */
function whyNotListening({ command, host, port }: Readiness): string | null {
  const plain = `it did not listen on ${host}:${port}`;
  const { pid } = command;
  if (pid === null) return plain;
  try {
    const listeners = listenersOn(port, pid);
    const fitting = listeners.filter(({ address }) => [host, '0.0.0.0', '::'].includes(address));
    const tree = command.tree();
    if (fitting.some(({ inode }) => isHeldBy(inode, tree) !== false)) return null;
    if (fitting.length > 0) return `${plain}: another program does`;
    const [elsewhere] = listeners.filter(({ inode }) => isHeldBy(inode, tree) === true);
    return elsewhere === undefined
      ? plain
      : `${plain}, but on ${elsewhere.address} (HOST in its environment says where)`;
  } catch {
    return plain; // The process ended, or was not in its namespace yet.
  }
}

/** Where there is no /proc: by a connection that is reset at once. */
async function whyNotAccepting({ host, port }: Readiness): Promise<string | null> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    return null;
  } catch (error) {
    return `it did not accept on ${host}:${port} (${(error as NodeJS.ErrnoException).code ?? ''})`;
  } finally {
    socket.resetAndDestroy();
  }
}

/** Asks from the server's own host, by a process behind the same launcher. */
async function untilAnswering(wanted: Readiness, path: string, signal: AbortSignal): Promise<string | null> {
  const { launcher, host, port } = wanted;
  const entry = entryFile(import.meta.url, './ready-probe');
  const words: readonly string[] = [...launcher, process.execPath, entry, host, String(port), path];
  const [program = '', ...args] = words;
  const probe = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  probe.stdin.on('error', () => undefined);
  const said = new OutputTail();
  for (const stream of [probe.stdout, probe.stderr])
    stream.on('data', (chunk: Buffer) => {
      said.add(chunk);
    });
  const kill = (): void => {
    probe.kill('SIGKILL');
  };
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  try {
    const [code] = (await once(probe, 'close')) as [number | null];
    if (code === 0) return null;
  } catch (error) {
    said.add(Buffer.from((error as Error).message));
  } finally {
    signal.removeEventListener('abort', kill);
  }
  const last = said.text().split('\n').at(-1) ?? '';
  return `GET ${path} on ${host}:${port} got ${last === '' ? 'no answer' : last}`;
}
