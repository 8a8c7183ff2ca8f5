// Programs as a user might bring them, for the tests of command servers.
import { fileURLToPath } from 'node:url';
import type { CommandServerConfig } from '../../src/scenario/config.ts';

/** Answers `host:port argv` from its environment; says that it was asked to end. */
const plain = `
  const { HOST, PORT, GREETING = '' } = process.env;
  const server = require('node:http').createServer((request, response) => {
    response.end([HOST, PORT, GREETING, process.cwd(), ...process.argv.slice(1)].join(' '));
  });
  server.listen(Number(PORT), HOST);
  process.on('SIGTERM', () => { console.log('asked to end'); process.exit(0); });
`;

/** Leaves a grandchild that is in a session of its own, whose parent ends at once, and which ignores SIGTERM; prints its pid. */
const daemonising = `
  const grandchild = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)";
  const child = "const { spawn } = require('node:child_process');" +
    "const made = spawn(process.execPath, ['-e', " + JSON.stringify(grandchild) + "], { detached: true, stdio: 'ignore' });" +
    "made.unref(); process.exit(0)";
  require('node:child_process').execFileSync(process.execPath, ['-e', child]);
  ${plain}
`;

const programs = {
  plain,
  daemonising,
  /** Two seconds are too long for a test; what matters is that it ends by itself. */
  endsSoon: `console.log('starting'); console.error('no database'); setTimeout(() => process.exit(3), 300);`,
  listensThenEnds: `${plain}; setTimeout(() => { console.error('out of luck'); process.exit(7) }, 300);`,
  neverListens: `console.log('thinking'); setInterval(() => {}, 1000);`,
  ignoresTerm: `${plain}; process.removeAllListeners('SIGTERM'); process.on('SIGTERM', () => { console.log('not yet'); });`,
  /** Not ready for its first two requests. */
  warmsUp: `
    let asked = 0;
    require('node:http').createServer((request, response) => {
      asked += 1;
      response.statusCode = request.url === '/broken' || asked < 3 ? 503 : 200;
      response.end(String(asked));
    }).listen(process.env.PORT, process.env.HOST);
  `,
  listensElsewhere: `require('node:http').createServer().listen(process.env.PORT, '127.0.0.9');`,
} as const;

/** The cluster is a file: it cannot be forked from an argument. */
const clusterFile = fileURLToPath(new URL('./cluster-server.js', import.meta.url));

export function commandConfig(
  program: keyof typeof programs | 'cluster',
  port: number,
  changes: Partial<CommandServerConfig> = {},
): CommandServerConfig {
  return {
    kind: 'command',
    command: program === 'cluster' ? [process.execPath, clusterFile] : [process.execPath, '-e', programs[program]],
    cwd: '/',
    env: {},
    port,
    readyPath: null,
    readyTimeoutMs: 15_000,
    ...changes,
  };
}
