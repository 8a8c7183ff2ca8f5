// A child process that opens as many files as it is told to, then says so.
import { once } from 'node:events';
import { spawn, type ChildProcess } from 'node:child_process';

const program = `
  const fs = require('node:fs');
  process.on('message', (count) => {
    for (let opened = 0; opened < count; opened++) fs.openSync('/dev/null', 'r');
    process.send('opened');
  });
  process.on('disconnect', () => process.exit(0));
  process.send('ready');
`;

export interface FileOpeningChild {
  readonly pid: number;
  open(count: number): Promise<void>;
  /** SIGKILL; resolves when the process is reaped. */
  kill(): Promise<void>;
}

export async function startFileOpeningChild(): Promise<FileOpeningChild> {
  const child: ChildProcess = spawn(process.execPath, ['-e', program], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  return {
    pid: child.pid!,
    async open(count) {
      child.send(count);
      await once(child, 'message');
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
