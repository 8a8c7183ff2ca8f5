/** The generator process: waits for the controller's word, runs the load on worker threads, and reports. */
import { dieWithParent } from '../kernel/parent-death.ts';
import { assertNever } from '../kernel/assert-never.ts';
import { clientNamed } from '../clients/registry.ts';
import type { ClientName } from '../scenario/config.ts';
import { LoadRun } from './load-run.ts';
import type { FromGenerator, ToGenerator } from './messages.ts';

dieWithParent();

function send(message: FromGenerator, then?: () => void): void {
  if (process.connected) process.send?.(message, undefined, undefined, then);
}

/** Tells the controller what went wrong, and ends. */
function fail(error: unknown): void {
  const { code, message, stack } = error as NodeJS.ErrnoException;
  send({ type: 'failed', code: code ?? 'GENERATOR_FAILED', message: stack ?? message }, () => process.exit(1));
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
// Ctrl-C in a terminal reaches the whole process group; the controller decides what it means.
process.on('SIGINT', () => undefined);

const { kind, reason } = clientNamed(process.argv[2] as ClientName).transport();
let run: LoadRun | undefined;

process.on('SIGTERM', () => run?.stop());
process.on('message', (message: ToGenerator) => {
  switch (message.type) {
    case 'start':
      run = new LoadRun(message, send);
      run.finished.then((report) => {
        send({ type: 'done', report }, () => process.exit(0));
      }, fail);
      break;
    case 'stop':
      run?.stop();
      break;
    default:
      assertNever(message);
  }
});
send({ type: 'ready', transport: kind, transportReason: reason });
