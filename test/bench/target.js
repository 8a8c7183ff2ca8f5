// The server that the load generators are measured against: nginx with one worker, or the reference server where nginx is absent.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../../dist/server/child.js';
import { serverConfig } from './trial-config.js';

const body = 'x'.repeat(97);

export function isInstalled(command) {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Starts the target on 127.0.0.1. Gives { name, port, stop }. */
export async function startTarget() {
  return isInstalled('nginx') ? startNginx() : startReference();
}

async function startNginx() {
  const folder = mkdtempSync(join(tmpdir(), 'connbench-nginx-'));
  const port = await freePort();
  const configuration = join(folder, 'nginx.conf');
  writeFileSync(
    configuration,
    `worker_processes 1; daemon on; pid ${folder}/pid; error_log ${folder}/error.log;
     events { worker_connections 16384; }
     http {
       access_log off; keepalive_requests 1000000000; keepalive_timeout 75s;
       client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
       uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
       server { listen 127.0.0.1:${port} backlog=4096; location / { return 200 "${body}"; } }
     }`,
  );
  const nginx = (...args) => execFileSync('nginx', ['-c', configuration, '-p', folder, ...args], { stdio: 'pipe' });
  nginx();
  const version = execFileSync('sh', ['-c', 'nginx -v 2>&1'], { encoding: 'utf8' }).trim().split('/').at(-1);
  return {
    name: `nginx ${version}, one worker`,
    port,
    stop: async () => {
      nginx('-s', 'stop');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startReference() {
  const server = await startServer(serverConfig(), { seed: 1, deadlineMs: 10_000 });
  return { name: 'the reference server', port: server.port, stop: () => server.stop(0) };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
