/** Entry of a hop's process: forked by the controller, it hosts one program and speaks the messages of `messages.ts`. */
import { assertNever } from '../kernel/assert-never.ts';
import { IpcParent } from '../kernel/ipc-parent.ts';
import { startBlindRelay } from './blind-relay.ts';
import type { FromHop, ToHop } from './messages.ts';
import { startProxyAwareRelay } from './proxy-aware-relay.ts';
import { startReverseProxy } from './reverse-proxy.ts';
import { HopFailed, type RunningHop } from './running-hop.ts';

const controller = new IpcParent<ToHop, FromHop>();

/** The hop, once it was asked for. */
let hop: Promise<RunningHop> | null = null;
let isStopping = false;

controller.obey({
  handle,
  terminate: () => stop(0),
  isForeseen: (error) => error instanceof HopFailed,
});

async function handle(message: ToHop): Promise<void> {
  switch (message.type) {
    case 'start': {
      if (hop !== null) throw new HopFailed('ESTARTED', 'This process hosts a hop already.');
      hop = start(message);
      const { host, port, settings } = await hop;
      controller.send({ type: 'ready', host, port, settings });
      return;
    }
    case 'snapshot': {
      if (hop === null) throw new HopFailed('ENOHOP', 'A snapshot was asked for before the hop was started.');
      controller.send({ type: 'snapshot', id: message.id, report: (await hop).report() });
      return;
    }
    case 'stop':
      await stop(message.graceMs);
      return;
    default:
      assertNever(message);
  }
}

function start({ config, ...at }: Extract<ToHop, { type: 'start' }>): Promise<RunningHop> {
  switch (config.kind) {
    case 'reverse-proxy':
      return startReverseProxy({ config, ...at });
    case 'blind-relay':
      return startBlindRelay({ config, ...at });
    case 'proxy-aware-relay':
      return startProxyAwareRelay({ config, ...at });
  }
}

/** The first call decides. */
async function stop(graceMs: number): Promise<void> {
  if (hop === null) process.exit(0);
  if (isStopping) return;
  isStopping = true;
  const running = await hop;
  await running.stop(graceMs);
  controller.leave({ type: 'stopped', report: running.report() }, 0);
}
