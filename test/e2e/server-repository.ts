/** What the tests of the CI need around them: a git repository of a small server in several revisions, programs that record, a port. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

export class ServerRepository {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder);
    this.git('init', '--quiet');
  }

  /** What git prints. */
  git(...args: readonly string[]): string {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main'];
    return execFileSync('git', ['-C', this.folder, ...identity, ...args], { encoding: 'utf8' }).trim();
  }

  /** Commits a server that answers after a delay, and gives the commit. */
  commit(message: string, delayMs: number): string {
    const folder = join(this.folder, 'scenarios/own-server');
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'server.mjs'),
      `import { createServer } from 'node:http';
// ${message}
createServer((request, response) => setTimeout(() => response.end('x'), ${delayMs})).listen(
  Number(process.env.PORT),
  process.env.HOST,
);
`,
    );
    this.git('add', '.');
    this.git('commit', '--quiet', '--message', message);
    return this.git('rev-parse', 'HEAD');
  }
}

/** Puts a program of that name, made of lines of bash, into a folder. */
export function fakeProgram(folder: string, name: string, script: string): void {
  const path = join(folder, name);
  writeFileSync(path, `#!/usr/bin/env bash\nset -euo pipefail\n${script}`);
  chmodSync(path, 0o755);
}

/** A port of the loopback interface that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}
