/** Entry of the attackers' process: forked by the controller on the host of the client, it speaks the messages of `messages.ts`. */
import { assertNever } from '../kernel/assert-never.ts';
import { IpcParent } from '../kernel/ipc-parent.ts';
import { Attack } from './attack.ts';
import type { FromAttackers, ToAttackers } from './messages.ts';

const controller = new IpcParent<ToAttackers, FromAttackers>();

let attacks: readonly Attack[] = [];
let isStopping = false;

controller.obey({ handle, terminate: stop });
controller.send({ type: 'ready' });

async function handle(message: ToAttackers): Promise<void> {
  switch (message.type) {
    case 'start': {
      const { attackers, target, measureStartNs } = message;
      attacks = attackers.map((config) => new Attack(config, target));
      for (const attack of attacks) attack.start(measureStartNs);
      return;
    }
    case 'snapshot':
      controller.send({ type: 'snapshot', id: message.id, reports: attacks.map((attack) => attack.report()) });
      return;
    case 'stop':
      await stop();
      return;
    default:
      assertNever(message);
  }
}

/** The first call decides. */
async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  const reports = await Promise.all(attacks.map((attack) => attack.stop()));
  controller.leave({ type: 'stopped', reports }, 0);
}
