/** The local addresses that a Node client's connections start from, in turn. */
import type { ClientTask } from '../client.ts';

/**
 * None where the system chooses. On the loopback network every address is there: 127.0.0.1 and the following ones. Throws elsewhere, where
 * nobody has said which addresses this host has.
 */
export function sourceAddresses({ config, host }: Pick<ClientTask, 'config' | 'host'>): readonly string[] {
  const { sourceAddresses: count } = config.strategy.tcp;
  if (count === undefined) return [];
  if (!host.startsWith('127.')) throw new Error(`no source addresses are known towards ${host}`);
  return Array.from({ length: count }, (_, index) => `127.0.${Math.floor((index + 1) / 256)}.${(index + 1) % 256}`);
}
