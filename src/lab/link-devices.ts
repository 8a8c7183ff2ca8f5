/** Makes the two TUN devices of a link and gives each to the namespace of its host. */
import { openTun, type TunDevice } from '../kernel/tun.ts';
import { LinkFailure } from './link-failure.ts';
import { findProgram, runProgram } from './system-programs.ts';

export interface LinkDevices {
  readonly client: TunDevice;
  readonly server: TunDevice;
}

/** Packets that a device holds for the relay before the kernel drops them; the default of 500 is less than one flight of many senders. */
const deviceQueuePackets = 10_000;
const ipDeadlineMs = 10_000;

/** Two devices in the namespace of this process, down and without address. Throws a LinkFailure with the errno's name as its code. */
export function openDevices(): LinkDevices {
  return { client: openDevice('cbc%d'), server: openDevice('cbs%d') };
}

function openDevice(name: string): TunDevice {
  const opened = openTun(name);
  if (!opened.ok) throw new LinkFailure(opened.code, opened.message);
  return opened.device;
}

/** Moves each device to the network namespace of a process. Rejects with a LinkFailure EIP and what `ip` said. */
export async function moveDevices(devices: LinkDevices, clientPid: number, serverPid: number): Promise<void> {
  const { client, server } = devices;
  const batch = [
    `link set dev ${client.name} txqueuelen ${deviceQueuePackets}`,
    `link set dev ${server.name} txqueuelen ${deviceQueuePackets}`,
    `link set dev ${client.name} netns ${clientPid}`,
    `link set dev ${server.name} netns ${serverPid}`,
  ];
  const result = await runProgram([findProgram('ip') ?? 'ip', '-batch', '-'], ipDeadlineMs, `${batch.join('\n')}\n`);
  if (!result.ok) throw new LinkFailure('EIP', `ip cannot move the link's devices: ${result.reason}.`);
}
