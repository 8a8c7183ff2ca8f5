/** Entry of a hop's process: forked by the controller, it hosts one program and speaks the messages of `messages.ts`. */
import { assertNever } from '../kernel/assert-never.ts';
import { dieWithParent } from '../kernel/parent-death.ts';
import { startBlindRelay } from './blind-relay.ts';
import type { FromHop, ToHop } from './messages.ts';
import { startProxyAwareRelay } from './proxy-aware-relay.ts';
import { startReverseProxy } from './reverse-proxy.ts';
import { HopFailed, type RunningHop } from './running-hop.ts';

dieWithParent();

/** The hop, once it was asked for. */
let hop: Promise<RunningHop> | null = null;
let isStopping = false;

// Ctrl-C reaches the whole process group; what it means is the controller's decision.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => {
  guard(stop(0));
});
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
process.on('message', (message: ToHop) => {
  guard(handle(message));
});

async function handle(message: ToHop): Promise<void> {
  switch (message.type) {
    case 'start': {
      if (hop !== null) throw new HopFailed('ESTARTED', 'This process hosts a hop already.');
      hop = start(message);
      const { host, port, settings } = await hop;
      send({ type: 'ready', host, port, settings });
      return;
    }
    case 'snapshot': {
      if (hop === null) throw new HopFailed('ENOHOP', 'A snapshot was asked for before the hop was started.');
      send({ type: 'snapshot', id: message.id, report: (await hop).report() });
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
  leave({ type: 'stopped', report: running.report() }, 0);
}

function guard(work: Promise<unknown>): void {
  work.catch(fail);
}

/** Whatever breaks the hop is told to the controller, and ends this process. */
function fail(error: unknown): void {
  const code = error instanceof HopFailed ? error.code : 'EINTERNAL';
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof HopFailed))
    process.stderr.write(`${error instanceof Error ? (error.stack ?? message) : message}\n`);
  leave({ type: 'failed', code, message }, 1);
}

function send(message: FromHop): void {
  process.send?.(message);
}

/** Sends a last message and exits once it is on its way. */
function leave(message: FromHop, exitCode: number): void {
  if (process.send === undefined || !process.connected) process.exit(exitCode);
  process.send(message, () => process.exit(exitCode));
}
