/** The local addresses that a client's connections start from, in turn. */
import { networkInterfaces } from 'node:os';
import type { ClientTask } from './client.ts';

/**
 * None where the system chooses. On the loopback network every address is there: 127.0.0.1 and the following ones. Elsewhere they are those
 * that this host has in the network of the server, in the order in which they were given to it. Throws an Error where there are too few.
 */
export function sourceAddresses({ config, host }: Pick<ClientTask, 'config' | 'host'>): readonly string[] {
  const { sourceAddresses: count } = config.strategy.tcp;
  if (count === undefined) return [];
  if (host.startsWith('127.')) return Array.from({ length: count }, (_, index) => loopbackAddress(index + 1));
  const found = addressesTowards(host).slice(0, count);
  if (found.length === count) return found;
  throw new Error(`tcp.sourceAddresses: ${count} are asked for, and this host has ${found.length} towards ${host}`);
}

const loopbackAddress = (number: number): string => `127.0.${Math.floor(number / 256)}.${number % 256}`;

function addressesTowards(host: string): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((interfaces) => interfaces ?? [])
    .filter(({ family, address, netmask }) => family === 'IPv4' && isSameNetwork(address, host, netmask))
    .map(({ address }) => address);
}

function isSameNetwork(address: string, other: string, netmask: string): boolean {
  return ((number32(address) ^ number32(other)) & number32(netmask)) === 0;
}

/** The 32 bits of a dotted IPv4 address. */
function number32(address: string): number {
  return address.split('.').reduce((bits, octet) => (bits << 8) | Number(octet), 0);
}
