/** A TCP proxy in a process of its own that gives each connection to the next of several servers. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const program = `
  const net = require('node:net');
  const ports = process.argv.slice(1).map(Number);
  let accepted = 0;
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const port = ports[accepted++ % ports.length];
    const far = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    near.on('error', () => far.destroy()).pipe(far);
    far.on('error', () => near.destroy()).pipe(near);
  });
  process.on('disconnect', () => process.exit(0));
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
`;

export interface AlternatingProxy {
  readonly port: number;
  /** SIGKILL; resolves when the process is gone. */
  stop(): Promise<void>;
}

export async function startAlternatingProxy(ports: readonly number[]): Promise<AlternatingProxy> {
  const child = spawn(process.execPath, ['-e', program, ...ports.map(String)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    port,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
