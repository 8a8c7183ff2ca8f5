/** The descriptors of the server's process: how many there are, and the limit that a scenario sets them. */
import { readdirSync } from 'node:fs';
import { errnoName } from '../kernel/errno.ts';
import { fileLimit, setFileLimit } from '../kernel/file-limit.ts';
import { ServerFailure } from './running-server.ts';

/** How many descriptors this process has open. Throws where it has none left to look with. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length - 1; // One is that of the folder itself.
}

/** Lets this process have so many descriptors at most; gives what the kernel then says. Throws a ServerFailure where that cannot be. */
export function limitDescriptors(most: number): number {
  const held = openDescriptors();
  if (held >= most) {
    const sentence = `server.nofile ${most} leaves none for connections: the server's process itself has ${held} descriptors.`;
    throw new ServerFailure('ENOFILE', sentence);
  }
  const errno = setFileLimit(most);
  if (errno !== 0) {
    throw new ServerFailure('ENOFILE', `server.nofile ${most} cannot be set: the system answered ${errnoName(errno)}.`);
  }
  return fileLimit();
}
