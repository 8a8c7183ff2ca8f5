/**
 * What Node's fetch lets one see of its requests: the channels that the undici inside Node publishes on (the same names as the package's:
 * docs/docs/api/DiagnosticsChannel.md), and the sockets that it makes: `net.client.socket` for TCP. For TLS there is no channel, so while a
 * watch runs, `tls.connect`, which that undici looks up at each connect, tells of its socket too.
 */
import { subscribe, unsubscribe, type ChannelListener } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import tls from 'node:tls';

/** Undici's request, by identity only. */
export type FetchRequest = object & { readonly method: string; readonly path: string };

export interface FetchEvents {
  /** Undici took a request up; in the same step it picks the connection, or begins to open one. */
  created(request: FetchRequest): void;
  /** It made a socket, which has not connected yet. */
  opening(socket: Socket): void;
  /** A connection is ready, and undici listens to it. */
  connected(socket: Socket): void;
  /** The request is about to be written. */
  writing(request: FetchRequest, socket: Socket): void;
  /** Head and body are handed to the socket. */
  written(request: FetchRequest): void;
  /** The head of the response is there. */
  head(request: FetchRequest, headers: readonly (Buffer | string)[]): void;
  /** The response was taken in to its end. Absent: nobody asks, and undici makes no message of it. */
  readonly ended?: ((request: FetchRequest) => void) | undefined;
}

interface Messages {
  readonly request: FetchRequest;
  readonly socket: Socket;
  readonly response: { readonly headers: readonly (Buffer | string)[] };
}

function endListener(ended: (request: FetchRequest) => void): readonly [string, (message: Messages) => void] {
  return [
    'undici:request:trailers',
    ({ request }) => {
      ended(request);
    },
  ];
}

/** Calls `events` from now on; gives what ends it. One at a time in a thread. */
export function watchFetch(events: FetchEvents): () => void {
  const { ended } = events;
  let isConnecting = false;
  const opening = (socket: Socket): void => {
    if (isConnecting) events.opening(socket);
    isConnecting = false;
  };
  const listeners: readonly (readonly [string, (message: Messages) => void])[] = [
    [
      'undici:request:create',
      ({ request }) => {
        events.created(request);
      },
    ],
    [
      'undici:client:beforeConnect',
      () => {
        isConnecting = true;
      },
    ],
    [
      'net.client.socket',
      ({ socket }) => {
        opening(socket);
      },
    ],
    [
      'undici:client:connected',
      ({ socket }) => {
        events.connected(socket);
      },
    ],
    [
      'undici:client:sendHeaders',
      ({ request, socket }) => {
        events.writing(request, socket);
      },
    ],
    [
      'undici:request:bodySent',
      ({ request }) => {
        events.written(request);
      },
    ],
    [
      'undici:request:headers',
      ({ request, response }) => {
        events.head(request, response.headers);
      },
    ],
    ...(ended === undefined ? [] : [endListener(ended)]),
  ];
  for (const [name, listener] of listeners) subscribe(name, listener as ChannelListener);
  const { connect } = tls;
  tls.connect = ((...args: Parameters<typeof connect>) => {
    const socket = connect(...args);
    opening(socket);
    return socket;
  }) as typeof connect;
  return () => {
    for (const [name, listener] of listeners) unsubscribe(name, listener as ChannelListener);
    tls.connect = connect;
  };
}
