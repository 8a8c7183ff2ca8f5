/** Asks the kernel which side closed first, at the moment this side closes: the order in which a program notices things can differ. */
import { errnoName } from '../kernel/errno.ts';
import { loadNative } from '../kernel/native.ts';
import { Sockets } from '../kernel/sockets.ts';
import type { FirstCloser } from './connection-ledger.ts';

// include/net/tcp_states.h
const TCP_FIN_WAIT1 = 4;
const TCP_FIN_WAIT2 = 5;
const TCP_CLOSE = 7;
const TCP_CLOSE_WAIT = 8;
const TCP_LAST_ACK = 9;
const TCP_CLOSING = 11;

export type FirstCloserProbe = (fd: number) => FirstCloser;
/** Whose FIN went first as far as the kernel's state of the connection is proof of it; null where it is none, or both FINs are through. */
export type StateProbe = (fd: number) => FirstCloser | null;

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

function probeFirstFin(sockets: Sockets, fd: number): FirstCloser | null {
  const state = sockets.tcpState(fd);
  if (state === TCP_CLOSE_WAIT || state === TCP_LAST_ACK) return 'client';
  return state === TCP_FIN_WAIT1 || state === TCP_FIN_WAIT2 || state === TCP_CLOSING ? 'server' : null;
}

/** The probes for servers on Node's own sockets; where FFI is missing they take the program's view, in which this side closes first. */
export function createProbes(): { readonly firstCloser: FirstCloserProbe; readonly firstFin: StateProbe } {
  if (!loadNative().ok) return { firstCloser: () => 'server', firstFin: () => 'client' };
  const sockets = new Sockets();
  return { firstCloser: (fd) => probeFirstCloser(sockets, fd), firstFin: (fd) => probeFirstFin(sockets, fd) };
}
