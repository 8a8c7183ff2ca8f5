/** Entry of the attackers' process: forked by the controller on the host of the client, it speaks the messages of `messages.ts`. */
import { assertNever } from '../kernel/assert-never.ts';
import { dieWithParent } from '../kernel/parent-death.ts';
import { Attack } from './attack.ts';
import type { FromAttackers, ToAttackers } from './messages.ts';

dieWithParent();

let attacks: readonly Attack[] = [];
let isStopping = false;

// Ctrl-C reaches the whole process group; what it means is the controller's decision.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => {
  stop().catch(fail);
});
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
process.on('message', (message: ToAttackers) => {
  switch (message.type) {
    case 'start': {
      const { attackers, target, measureStartNs } = message;
      attacks = attackers.map((config) => new Attack(config, target));
      for (const attack of attacks) attack.start(measureStartNs);
      return;
    }
    case 'snapshot':
      send({ type: 'snapshot', id: message.id, reports: attacks.map((attack) => attack.report()) });
      return;
    case 'stop':
      stop().catch(fail);
      return;
    default:
      assertNever(message);
  }
});
send({ type: 'ready' });

/** The first call decides. */
async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  const reports = await Promise.all(attacks.map((attack) => attack.stop()));
  leave({ type: 'stopped', reports }, 0);
}

/** Whatever breaks the attack is told to the controller, and ends this process. */
function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${error instanceof Error ? (error.stack ?? message) : message}\n`);
  leave({ type: 'failed', code: 'EATTACK', message }, 1);
}

function send(message: FromAttackers): void {
  process.send?.(message);
}

/** Sends a last message and exits once it is on its way. */
function leave(message: FromAttackers, exitCode: number): void {
  if (process.send === undefined || !process.connected) process.exit(exitCode);
  process.send(message, () => process.exit(exitCode));
}
