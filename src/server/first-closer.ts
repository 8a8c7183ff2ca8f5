/** Asks the kernel which side closed first, at the moment this side closes: the order in which a program notices things can differ. */
import { errnoName } from '../kernel/errno.ts';
import { loadNative } from '../kernel/native.ts';
import { Sockets } from '../kernel/sockets.ts';
import type { FirstCloser } from './connection-ledger.ts';

// include/net/tcp_states.h
const TCP_CLOSE = 7;
const TCP_CLOSE_WAIT = 8;
const TCP_LAST_ACK = 9;

export type FirstCloserProbe = (fd: number) => FirstCloser;

/**
 * Just before or just after this side's FIN: CLOSE_WAIT and LAST_ACK mean that the client's FIN was here first. CLOSE before our FIN is a
 * reset, which has left its error on the socket. CLOSE after it can be either order, both FINs being through by then; it goes to the server,
 * so that the server's count of its own first closes is an upper bound and its count of the client's a lower one.
 *
 * Reads the socket's error and thereby clears it: only for a socket that is about to be closed.
 */
export function probeFirstCloser(sockets: Sockets, fd: number): FirstCloser {
  const state = sockets.tcpState(fd);
  if (state === TCP_CLOSE_WAIT || state === TCP_LAST_ACK) return 'client';
  if (state !== TCP_CLOSE) return 'server';
  const error = errnoName(sockets.pendingError(fd));
  if (error === 'ECONNRESET') return 'reset';
  return error === 'EPIPE' ? 'client' : 'server'; // EPIPE: reset after the client's FIN.
}

/** The probe for servers on Node's own sockets; where FFI is missing it takes the program's view, in which this side closes first. */
export function createFirstCloserProbe(): FirstCloserProbe {
  if (!loadNative().ok) return () => 'server';
  const sockets = new Sockets();
  return (fd) => probeFirstCloser(sockets, fd);
}
