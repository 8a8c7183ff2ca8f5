/** Entry of the link process: it owns the devices between both hosts, relays in a thread, and speaks the messages of `messages.ts`. */
import { assertNever } from '../kernel/assert-never.ts';
import { dieWithParent } from '../kernel/parent-death.ts';
import { moveDevices, openDevices } from './link-devices.ts';
import { LinkFailure } from './link-failure.ts';
import { LinkThread } from './link-thread.ts';
import type { FromLink, ToLink } from './messages.ts';

dieWithParent();

/** The relay, once it was asked for. */
let link: Promise<LinkThread> | null = null;
let isLeaving = false;

// Ctrl-C reaches the whole process group; what it means is the controller's decision.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => {
  guard(stop());
});
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
process.on('message', (message: ToLink) => {
  guard(handle(message));
});
send({ type: 'ready' });

async function handle(message: ToLink): Promise<void> {
  switch (message.type) {
    case 'start':
      if (link !== null) throw new LinkFailure('EPROTOCOL', 'This process carries a link already.');
      link = start(message);
      await link;
      return;
    case 'snapshot': {
      if (link === null) throw new LinkFailure('EPROTOCOL', 'A snapshot was asked for before the link was started.');
      const report = await (await link).report();
      send({ type: 'snapshot', id: message.id, report });
      return;
    }
    case 'stop':
      await stop();
      return;
    default:
      assertNever(message);
  }
}

async function start(request: Extract<ToLink, { type: 'start' }>): Promise<LinkThread> {
  const devices = openDevices();
  const thread = new LinkThread({
    clientFd: devices.client.fd,
    serverFd: devices.server.fd,
    config: request.config,
    seed: request.seed,
    pcapPath: request.pcapPath,
  });
  guard(thread.broken);
  await Promise.all([moveDevices(devices, request.clientNamespacePid, request.serverNamespacePid), thread.relaying]);
  send({ type: 'attached', clientDevice: devices.client.name, serverDevice: devices.server.name });
  return thread;
}

/** The devices go with this process. */
async function stop(): Promise<void> {
  if (link === null) process.exit(0);
  const report = await (await link).stop();
  leave({ type: 'stopped', report }, 0);
}

function guard(work: Promise<unknown>): void {
  work.catch(fail);
}

/** Whatever breaks the link is told to the controller, and ends this process. */
function fail(error: unknown): void {
  const code = error instanceof LinkFailure ? error.code : 'EINTERNAL';
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof LinkFailure))
    process.stderr.write(`${error instanceof Error ? (error.stack ?? message) : message}\n`);
  leave({ type: 'failed', code, message }, 1);
}

function send(message: FromLink): void {
  process.send?.(message);
}

/** Sends a last message and exits once it is on its way. */
function leave(message: FromLink, exitCode: number): void {
  if (isLeaving) return;
  isLeaving = true;
  if (process.send === undefined || !process.connected) process.exit(exitCode);
  process.send(message, () => process.exit(exitCode));
}
