// A process in a network namespace of its own, which makes sockets there and says what `ss` sees of them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const program = `
  const { connect, createServer } = require('node:net');
  const { once } = require('node:events');
  const { execFileSync } = require('node:child_process');
  process.on('disconnect', () => process.exit(0));
  const held = [];
  let closes = true;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.resume();
    if (closes) socket.on('end', () => socket.end());
    else held.push(socket);
  });
  async function closed(port) {
    const client = connect(port, '127.0.0.1').resume();
    await once(client, 'connect');
    const gone = once(client, 'close');
    if (closes) client.end();
    else client.destroy();
    await gone;
  }
  const ss = (state) => execFileSync('ss', ['-Htan', 'state', state]).toString().split('\\n').length - 1;
  process.on('message', async ({ timeWait, finWait2 }) => {
    const { port } = server.address();
    closes = true;
    for (let made = 0; made < timeWait; made++) await closed(port);
    closes = false;
    for (let made = 0; made < finWait2; made++) await closed(port);
    while (held.length < finWait2 || ss('time-wait') < timeWait || ss('fin-wait-2') < finWait2) await new Promise(setImmediate);
    process.send({ timeWait: ss('time-wait'), finWait2: ss('fin-wait-2') });
  });
  server.listen(0, '127.0.0.1', () => process.send('ready'));
`;

interface StateCounts {
  readonly timeWait: number;
  readonly finWait2: number;
}

export interface NamespaceChild {
  readonly pid: number;
  /** Connections whose client closes first: `timeWait` that end, `finWait2` whose server never closes. Resolves with what `ss` counts. */
  make(counts: StateCounts): Promise<StateCounts>;
  kill(): Promise<void>;
}

/** Null where this machine forbids namespaces; throws instead under CI. */
export async function startNamespaceChild(): Promise<NamespaceChild | null> {
  const flags = process.getuid?.() === 0 ? '-n' : '-Urn';
  const child = spawn(
    'unshare',
    [flags, 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', process.execPath, '-e', program],
    {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    },
  );
  let words = '';
  child.stderr!.on('data', (data: Buffer) => (words += data.toString()));
  const ended = once(child, 'close').catch((error: unknown) => {
    words += String(error);
  });
  const isReady = await Promise.race([once(child, 'message').then(() => true), ended.then(() => false)]);
  if (!isReady) {
    if (process.env['CI'] !== undefined) throw new Error(`no network namespace under CI: ${words}`);
    return null;
  }
  return {
    pid: child.pid!,
    async make(counts) {
      child.send(counts);
      const [seen] = (await once(child, 'message')) as [StateCounts];
      return seen;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
