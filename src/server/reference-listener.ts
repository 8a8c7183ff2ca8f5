/** The listening socket of the reference server. */
import { EAGAIN, EMFILE, errnoName } from '../kernel/errno.ts';
import { socketAddress, type Sockets } from '../kernel/sockets.ts';
import { bindFailure, ServerFailure } from './running-server.ts';

/** The same as Node's, so that the two kinds differ in nothing that was not asked for. */
export const defaultBacklog = 511;

const ENOMEM = 12;
const ENFILE = 23;
const ENOBUFS = 105;

/** Whether an errno of accept(2) means that this process or host has run out of something, so that the next try fails as well. */
export function isExhaustion(errno: number): boolean {
  return errno === EMFILE || errno === ENFILE || errno === ENOBUFS || errno === ENOMEM;
}

/** Whether an errno of accept(2) means that no connection waits. The others concern one connection: the next may be fine. */
export function isNoneWaiting(errno: number): boolean {
  return errno === EAGAIN;
}

/** A listening socket whose connections inherit TCP_NODELAY. Throws a ServerFailure where the address cannot be bound. */
export function openListener(
  sockets: Sockets,
  host: string,
  port: number,
  backlog: number,
): { fd: number; port: number } {
  let address;
  try {
    address = socketAddress(host, port);
  } catch (error) {
    throw new ServerFailure(
      'EADDRFORM',
      `Server kind reference listens on IPv4 addresses only: ${(error as Error).message}.`,
    );
  }
  const fd = sockets.open();
  if (fd < 0) throw bindFailure(errnoName(-fd), host, port);
  sockets.setReuseAddress(fd);
  sockets.setNoDelay(fd, true);
  let result = sockets.bind(fd, address);
  if (result >= 0) result = sockets.listen(fd, backlog);
  if (result >= 0) result = sockets.localPort(fd);
  if (result < 0) {
    sockets.close(fd);
    throw bindFailure(errnoName(-result), host, port);
  }
  return { fd, port: result };
}
