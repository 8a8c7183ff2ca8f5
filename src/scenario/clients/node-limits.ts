/** What no client on Node's own sockets can do, in the words that all of their tables share. */

const nodeHasNoApi = "Node's net.Socket has no call for it";

export const onNodeSockets = {
  'tcp.fastOpen': { only: false, because: nodeHasNoApi },
  'tcp.userTimeout': { only: 'default', because: nodeHasNoApi },
  'pool.maxLifetimeJitter': { only: '0%', because: 'it draws no lifetimes' },
  'pool.validate': {
    only: false,
    because:
      'it does not look at a connection before it reuses it; an end that Node has noticed takes it from the pool',
  },
  'pool.prefetch': { only: false, because: 'it opens a connection when a request needs one' },
  closeWith: { only: 'fin', because: 'it ends its connections by itself, with socket.destroy, which sends a FIN' },
} as const;

export const noEarlyData = {
  values: ['early-data'],
  because: "Node's TLS has no call for early data",
} as const;

export const onlyHttp11 = {
  only: 'http/1.1',
  because: 'it speaks HTTP/1.1 only; client reference speaks HTTP/1.0, too, and client http2 h2',
} as const;

/** What connbench's own code around the client does, where the client has nothing for it. */
export const byRunner = { maps: 'runner' } as const;

/** Every series of a client whose sockets connbench sees. */
export const allPhases = {
  response: null,
  service: null,
  connectionWait: null,
  connect: null,
  tls: null,
  firstByte: null,
  download: null,
  lag: null,
} as const;
