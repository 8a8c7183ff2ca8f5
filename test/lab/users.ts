/** Which users can be tested with a lab here, and the access to the TUN device that an ordinary one usually has. */
import { chmodSync, statSync } from 'node:fs';
import { labCapability } from '../../src/lab/capability.ts';

export interface User {
  readonly name: string;
  /** A command that runs what follows it as this user. */
  readonly launcher: readonly string[];
  readonly id: string;
}

const me: User = { name: 'the user of the tests', launcher: [], id: String(process.getuid?.() ?? 0) };

/**
 * Without any right to change something; may read every file, since the checkout can be in a folder that is closed to others.
 */
const nobody: User = {
  name: 'an ordinary user',
  launcher: [
    ...['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
    ...['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'],
  ],
  id: '65534',
};

/** Root can also be somebody else. */
export const users: readonly User[] = me.id === '0' ? [me, nobody] : [me];

const tunDevice = '/dev/net/tun';

/** Gives everybody access to the TUN device; gives back the function that restores what was. Only root needs to, and can. */
export function openTunToAll(): () => void {
  if (me.id !== '0') return () => undefined;
  const mode = statSync(tunDevice).mode & 0o7777;
  chmodSync(tunDevice, 0o666);
  return () => {
    chmodSync(tunDevice, mode);
  };
}

/** Whether labs can be tested here; where not, says why on standard error. Under CI it throws instead: there they must be tested. */
export async function hasLab(): Promise<boolean> {
  const capability = await labCapability();
  if (capability.ok) return true;
  const why = capability.reasons.map(({ what, fix }) => `${what} ${fix}`).join('\n');
  if (process.env['CI'] !== undefined && process.env['CI'] !== '') throw new Error(`no lab under CI:\n${why}`);
  process.stderr.write(`SKIPPED, this machine allows no lab:\n${why}\n`);
  return false;
}
