/** A TCP server in a process of its own that plays one fault to everybody: the client under test may block its thread meanwhile. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { SecureContextOptions } from 'node:tls';

/** What the server does with a connection, or with each request on it. */
export type Fault =
  | 'none' // answers with 5 bytes, keep-alive
  | 'closed' // does not listen at all
  | 'finOnAccept'
  | 'resetOnAccept'
  | 'finInsteadOfAnswer'
  | 'finInsteadOfSecond' // answers the first request of a connection, and ends it when the second one is there
  | 'resetInsteadOfAnswer'
  | 'resetInBody'
  | 'truncatedHead'
  | 'truncatedBody'
  | 'garbage'
  | 'drip' // one byte at a time
  | 'lengthTooLong' // and then silence
  | 'lengthTooShort'
  | 'silence'
  | 'continueFirst'
  | 'chunked'
  | 'badChunk'
  | 'untilClose'
  | 'untilCut' // over TLS only: ends without close_notify
  | 'answerAndCut' // likewise, after a whole answer
  | 'megabyte'
  | 'closeAnnounced' // and done
  | 'closeLeftToClient' // announced, and left to the client
  | 'finAfterAnswer' // not announced
  | 'resetAfterAnswer';

/** Everything in a string, because it runs in another process without a build. Arguments: the fault, the port. */
export const faultyServerProgram = `
  const net = require('node:net');
  const tls = require('node:tls');
  const identity = process.env.TLS_IDENTITY;
  const secureContext = identity === undefined ? null : tls.createSecureContext(JSON.parse(identity));
  const encrypted = (raw) => {
    const socket = new tls.TLSSocket(raw, { isServer: true, secureContext });
    socket.resetAndDestroy = () => raw.resetAndDestroy();
    // What the client sees of it is a FIN without close_notify.
    socket.endRaw = () => raw.end();
    raw.on('error', () => {});
    return socket;
  };
  const [fault, portText] = process.argv.slice(1);
  const counts = { accepted: 0, requests: 0, remotes: {} };
  const head = (fields) => 'HTTP/1.1 200 OK\\r\\n' + fields.map((field) => field + '\\r\\n').join('') + '\\r\\n';
  const ok = head(['Content-Length: 5']) + 'hello';
  const plays = {
    none: (socket) => socket.write(ok),
    finInsteadOfAnswer: (socket) => socket.end(),
    finInsteadOfSecond: (socket) => {
      if (socket.hasAnswered) socket.end();
      else { socket.hasAnswered = true; socket.write(ok); }
    },
    resetInsteadOfAnswer: (socket) => socket.resetAndDestroy(),
    resetInBody: (socket) => {
      socket.write(head(['Content-Length: 100']) + 'half');
      setTimeout(() => socket.resetAndDestroy(), 20);
    },
    truncatedHead: (socket) => socket.end('HTTP/1.1 200'),
    truncatedBody: (socket) => socket.end(head(['Content-Length: 100']) + 'half'),
    garbage: (socket) => socket.write('SSH-2.0-OpenSSH_9.9\\r\\n'),
    drip: (socket) => {
      let sent = 0;
      const timer = setInterval(() => {
        if (!socket.destroyed) socket.write(ok[sent++]);
        if (socket.destroyed || sent === ok.length) clearInterval(timer);
      }, 1);
    },
    lengthTooLong: (socket) => socket.write(head(['Content-Length: 100']) + 'half'),
    lengthTooShort: (socket) => socket.write(head(['Content-Length: 5']) + 'hello, world'),
    silence: () => {},
    continueFirst: (socket) => {
      socket.write('HTTP/1.1 100 Continue\\r\\n\\r\\n');
      setTimeout(() => socket.write('HTTP/1.1 103 Early Hints\\r\\nLink: </a>\\r\\n\\r\\n' + ok), 5);
    },
    chunked: (socket) => {
      socket.write(head(['Transfer-Encoding: chunked']) + '5\\r\\nhel');
      setTimeout(() => socket.write('lo\\r\\n3;x=y\\r\\nabc\\r\\n0\\r\\nTrailer: x\\r\\n\\r\\n'), 5);
    },
    badChunk: (socket) => socket.write(head(['Transfer-Encoding: chunked']) + 'zz\\r\\n'),
    untilCut: (socket) => { socket.write(head([]) + 'not all there is', () => socket.endRaw()); },
    answerAndCut: (socket) => { socket.write(ok, () => socket.endRaw()); },
    untilClose: (socket) => socket.end(head([]) + 'all there is'),
    megabyte: (socket) => socket.write(head(['Content-Length: 1048576']) + 'x'.repeat(1048576)),
    closeAnnounced: (socket) => socket.end(head(['Content-Length: 5', 'Connection: close']) + 'hello'),
    closeLeftToClient: (socket) => socket.write(head(['Content-Length: 5', 'Connection: close']) + 'hello'),
    finAfterAnswer: (socket) => { socket.write(ok); setTimeout(() => socket.end(), 1); },
    resetAfterAnswer: (socket) => { socket.write(ok); setTimeout(() => socket.resetAndDestroy(), 1); },
  };
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (raw) => {
    counts.accepted++;
    counts.remotes[raw.remoteAddress] = (counts.remotes[raw.remoteAddress] ?? 0) + 1;
    if (fault === 'finOnAccept') { raw.on('error', () => {}).on('end', () => raw.end()).resume().end(); return; }
    if (fault === 'resetOnAccept') { raw.resetAndDestroy(); return; }
    const socket = secureContext === null ? raw : encrypted(raw);
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
      for (let end = text.indexOf('\\r\\n\\r\\n'); end >= 0; end = text.indexOf('\\r\\n\\r\\n')) {
        text = text.slice(end + 4);
        counts.requests++;
        plays[fault](socket);
      }
    });
  });
  process.on('message', () => process.send(counts));
  process.on('disconnect', () => process.exit(0));
  server.listen(Number(portText), '127.0.0.1', 4096, () => {
    const { port } = server.address();
    if (fault === 'closed') server.close(() => process.send({ port }));
    else process.send({ port });
  });
`;

interface FaultyCounts {
  readonly accepted: number;
  readonly requests: number;
  /** Connections by the address that they came from. */
  readonly remotes: Readonly<Record<string, number>>;
}

export interface FaultyServer {
  readonly port: number;
  /** What it counted so far. */
  counts(): Promise<FaultyCounts>;
  /** SIGKILL; resolves when the process is gone. */
  stop(): Promise<void>;
}

/** `identity`: certificate and key, PEM, of a server that speaks TLS, with options of `tls.createSecureContext`. */
export async function startFaultyServer(fault: Fault, identity?: SecureContextOptions): Promise<FaultyServer> {
  const child: ChildProcess = spawn(process.execPath, ['-e', faultyServerProgram, fault, '0'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, ...(identity === undefined ? {} : { TLS_IDENTITY: JSON.stringify(identity) }) },
  });
  const [ready] = (await once(child, 'message')) as [{ port: number }];
  return {
    port: ready.port,
    async counts() {
      child.send('counts');
      const [counts] = (await once(child, 'message')) as [FaultyCounts];
      return counts;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
