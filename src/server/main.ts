/** Entry of the server process: forked by the controller, it hosts one server and speaks the messages of `messages.ts`. */
import { assertNever } from '../kernel/assert-never.ts';
import { IpcParent } from '../kernel/ipc-parent.ts';
import { limitDescriptors } from './descriptors.ts';
import type { FromServer, ToServer } from './messages.ts';
import { startNodeServer } from './node-server.ts';
import { startReferenceServer } from './reference-server.ts';
import { ServerFailure, type RunningServer } from './running-server.ts';

const controller = new IpcParent<ToServer, FromServer>();

/** The server, once it was asked for. */
let server: Promise<RunningServer> | null = null;
let stopping = false;

controller.obey({
  handle,
  terminate: () => stop(0),
  isForeseen: (error) => error instanceof ServerFailure,
});

async function handle(message: ToServer): Promise<void> {
  switch (message.type) {
    case 'start':
      await start(message);
      return;
    case 'snapshot': {
      if (server === null)
        throw new ServerFailure('ENOSERVER', 'A snapshot was asked for before the server was started.');
      const report = await (await server).report();
      controller.send({ type: 'snapshot', id: message.id, report });
      return;
    }
    case 'measure':
      if (server === null) throw new ServerFailure('ENOSERVER', 'Measure was told of before the server was started.');
      (await server).measure(message);
      return;
    case 'stop':
      await stop(message.graceMs);
      return;
    default:
      assertNever(message);
  }
}

async function start(message: Extract<ToServer, { type: 'start' }>): Promise<void> {
  if (server !== null) throw new ServerFailure('ESTARTED', 'This process hosts a server already.');
  server = message.config.kind === 'node' ? startNodeServer(message) : startReferenceServer(message);
  const running = await server;
  controller.watch(running.broken);
  const { nofile } = message.config;
  const limited = nofile === undefined ? {} : { nofile: await limit(running, nofile) };
  controller.send({
    type: 'listening',
    host: running.host,
    port: running.port,
    settings: { ...running.settings, ...limited },
  });
}

/** Now that the server has everything of its own open. Its thread has to end before the process can. */
async function limit(running: RunningServer, nofile: number): Promise<number> {
  try {
    return limitDescriptors(nofile);
  } catch (error) {
    await running.stop(0);
    throw error;
  }
}

/** Idempotent: the first call decides the grace, except that a later one without grace ends the wait. */
async function stop(graceMs: number): Promise<void> {
  if (server === null) process.exit(0);
  const running = await server;
  if (stopping) {
    if (graceMs === 0) await running.stop(0);
    return;
  }
  stopping = true;
  await running.stop(graceMs);
  const report = await running.report();
  controller.leave({ type: 'stopped', report }, 0);
}
