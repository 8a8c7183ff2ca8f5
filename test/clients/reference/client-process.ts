/** Runs the built reference client in a process of its own, under a shell command that narrows what the system gives it. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { WorkerReport } from '../../../src/clients/observations.ts';
import type { TrialConfig } from '../../../src/scenario/config.ts';
import { faultyServerProgram } from './faulty-server.ts';

const built = new URL('../../../dist/clients/', import.meta.url);

const program = `
  import { spawn } from 'node:child_process';
  import { once } from 'node:events';
  import { createLiveCounts } from '${built.href}live.js';
  import { referenceClient } from '${built.href}reference.js';
  import { nowNs } from '${new URL('../kernel/clock.js', built).href}';
  process.on('disconnect', () => process.exit(1));
  process.on('message', async ({ config, port, serverProgram }) => {
    if (serverProgram !== undefined) {
      const stdio = ['ignore', 'ignore', 'inherit', 'ipc'];
      await once(spawn(process.execPath, ['-e', serverProgram, 'none', String(port)], { stdio }), 'message');
    }
    const task = { config, host: '127.0.0.1', port, seed: 1, worker: 0, workers: 1, live: createLiveCounts() };
    const report = await referenceClient.prepare(task).run(nowNs() + 5e6);
    process.send({ kind: referenceClient.transport().kind, report }, () => process.exit(0));
  });
  process.send('ready');
`;

export interface ClientRun {
  readonly config: TrialConfig;
  readonly port: number;
  readonly transport: 'epoll' | 'net';
  /** Start a server without faults on that port beside the client, in the namespace of the client. */
  readonly serveInside?: boolean;
  /** Shell text before \`exec node\`: \`ulimit -n 40\`. */
  readonly before: string;
  /** Command and arguments that the shell is started with: \`['unshare', '-Urn']\`. */
  readonly wrapper?: readonly string[];
}

/** Rejects where the process ends without a report, with what it said. */
export async function runClientProcess(run: ClientRun): Promise<WorkerReport> {
  const { config, port, transport, before, wrapper = [], serveInside = false } = run;
  if (!existsSync(fileURLToPath(new URL('reference.js', built))))
    throw new Error('dist/ is missing: run npm run build first');
  const command = [...wrapper, 'sh', '-c', `${before} exec "$0" "$@"`];
  const node = [process.execPath, '--input-type=module', '-e', program];
  const child = spawn(command[0]!, [...command.slice(1), ...node], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
    env: { ...process.env, CONNBENCH_NO_FFI: transport === 'net' ? '1' : '0' },
  });
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (words += text));
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`the client process ended: ${words}`)));
  ended.catch(() => undefined);
  const message = async (): Promise<unknown> => ((await Promise.race([once(child, 'message'), ended])) as [unknown])[0];
  try {
    await message();
    child.send({ config, port, serverProgram: serveInside ? faultyServerProgram : undefined });
    const { kind, report } = (await message()) as { kind: string; report: WorkerReport };
    if (kind !== transport) throw new Error(`the client ran over ${kind}`);
    return report;
  } finally {
    child.kill('SIGKILL');
    await ended.catch(() => undefined);
  }
}
