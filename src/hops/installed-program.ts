/** Programs that the machine may have: where they are, and what they say when they are asked. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { OutputTail } from '../server/output-tail.ts';
import { HopError } from './hop-handle.ts';

/** Folders that are not in the PATH of every user, and where servers are. */
const serverFolders = ['/usr/sbin', '/usr/local/sbin', '/sbin', '/usr/local/bin'];

/** The absolute path of a program; throws a HopError (ENOTINSTALLED) where there is none. */
export function findInstalled(name: string): string {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...serverFolders];
  const path = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (path !== undefined) return path;
  throw new HopError(
    'ENOTINSTALLED',
    `${name} is not installed: no folder of PATH and none of ${serverFolders.join(', ')} has it.`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs a program to its end and gives all that it printed. Throws a HopError (EREFUSED) with its last words where it fails. */
export async function ask([program = '', ...args]: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const last = new OutputTail();
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      last.add(chunk);
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return text;
  throw new HopError('EREFUSED', `\`${[program, ...args].join(' ')}\` failed: ${last.text()}`);
}

/** A port that nobody uses now. Programs that must be told their port get it. */
export async function unusedPort(host: string): Promise<number> {
  const server = createServer();
  server.listen(0, host === '127.0.0.1' ? host : '0.0.0.0');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
