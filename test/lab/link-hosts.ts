// Labs with a server on one host, and programs to run on the other.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { parseCounterTable } from '../../src/kernel/proc-net.ts';
import { openLab, type Lab } from '../../src/lab/lab.ts';
import type { LinkReport } from '../../src/lab/messages.ts';
import type { LinkConfig } from '../../src/scenario/config.ts';
import { collect } from '../e2e/connbench.ts';
import { linkConfig } from './link-config.ts';

/**
 * On port 80: answers each chunk with as many bytes, closes after the client. 81: answers once and closes first. 82: gives the SHA-256 of
 * all that came, once the client has closed its side. Nothing listens on 83.
 */
const serverProgram = `
  const net = require('node:net');
  const { createHash } = require('node:crypto');
  const host = '198.18.0.2';
  const quiet = (socket) => socket.on('error', () => undefined);
  net.createServer((socket) => quiet(socket).on('data', (data) => socket.write(data))).listen(80, host);
  net.createServer((socket) => quiet(socket).once('data', (data) => socket.end(data))).listen(81, host);
  net.createServer({ allowHalfOpen: true }, (socket) => {
    const hash = createHash('sha256');
    quiet(socket).on('data', (data) => hash.update(data)).on('end', () => socket.end(hash.digest('hex')));
  }).listen(82, host, () => console.log('listening'));
`;

/** What client programs share: an exchange of one byte on a connection of its own, closed by the client unless the server does. */
const clientPrelude = `
  const net = require('node:net');
  const { once } = require('node:events');
  async function exchange(port) {
    const socket = net.connect(port, '198.18.0.2');
    await once(socket, 'connect');
    socket.write('x');
    await once(socket, 'data');
    if (port === 80) socket.end();
    await once(socket, 'close');
  }
`;

function start(launcher: readonly string[], program: string): ChildProcess {
  const [command, ...args] = [...launcher, process.execPath, '-e', program];
  return spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 40_000, killSignal: 'SIGKILL' });
}

export interface LinkedHosts {
  readonly lab: Lab;
  /** Runs JavaScript (an async function's body) on the client host; resolves with what it printed. Rejects where it fails. */
  readonly onClient: (body: string) => Promise<string>;
  /** A counter of the table Tcp in /proc/net/snmp. */
  readonly tcpCounter: (side: 'client' | 'server', name: string) => number;
}

/** Makes a lab, calls `body`, stops the server program and closes the lab. Resolves with the link's last report. */
export async function withHosts(
  parts: Partial<LinkConfig>,
  body: (hosts: LinkedHosts) => Promise<void>,
  pcapPath: string | null = null,
): Promise<LinkReport> {
  const network = {
    mode: 'lab',
    link: linkConfig(parts),
    congestionControl: 'cubic',
    sysctls: { client: {}, server: {} },
  } as const;
  const lab = await openLab({ network, seed: 7, pcapPath, deadlineMs: 20_000 });
  let report: LinkReport | null;
  try {
    const server = start(lab.serverLauncher, serverProgram);
    await once(server.stdout!, 'data');
    await body({
      lab,
      onClient: async (program) => {
        const client = start(lab.clientLauncher, `${clientPrelude}(async () => {${program}})()`);
        const { code, stdout, stderr } = await collect(client);
        if (code !== 0) throw new Error(`the client program failed: ${stderr}`);
        return stdout.trim();
      },
      tcpCounter: (side, name) => {
        const pid = side === 'client' ? lab.clientNamespacePid : lab.serverNamespacePid;
        return parseCounterTable(readFileSync(`/proc/${pid}/net/snmp`, 'latin1'), 'Tcp')[name]!;
      },
    });
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  } finally {
    report = await lab.close();
  }
  if (report === null) throw new Error('the link gave no report');
  return report;
}
