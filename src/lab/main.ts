/** Entry of the link process: it owns the devices between both hosts, relays in a thread, and speaks the messages of `messages.ts`. */
import { assertNever } from '../kernel/assert-never.ts';
import { IpcParent } from '../kernel/ipc-parent.ts';
import { moveDevices, openDevices } from './link-devices.ts';
import { LinkFailure } from './link-failure.ts';
import { LinkThread } from './link-thread.ts';
import type { FromLink, ToLink } from './messages.ts';

const controller = new IpcParent<ToLink, FromLink>();

/** The relay, once it was asked for. */
let link: Promise<LinkThread> | null = null;

controller.obey({
  handle,
  terminate: () => stop(),
  isForeseen: (error) => error instanceof LinkFailure,
});
controller.send({ type: 'ready' });

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
      controller.send({ type: 'snapshot', id: message.id, report });
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
  controller.watch(thread.broken);
  await Promise.all([moveDevices(devices, request.clientNamespacePid, request.serverNamespacePid), thread.relaying]);
  controller.send({ type: 'attached', clientDevice: devices.client.name, serverDevice: devices.server.name });
  return thread;
}

/** The devices go with this process. */
async function stop(): Promise<void> {
  if (link === null) process.exit(0);
  const report = await (await link).stop();
  controller.leave({ type: 'stopped', report }, 0);
}
