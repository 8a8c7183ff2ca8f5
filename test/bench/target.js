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

/** Starts the target on 127.0.0.1. Gives { name, port, stop }. `certificates` (lab/certificates): over TLS, every handshake a full one. */
export async function startTarget(certificates) {
  return isInstalled('nginx') ? startNginx(certificates) : startReference(certificates);
}

/** Without cache and tickets nobody resumes a session: wrk would, and so be compared with something else. */
function nginxTls(folder, { certPem, keyPem }) {
  writeFileSync(join(folder, 'cert.pem'), certPem);
  writeFileSync(join(folder, 'key.pem'), keyPem, { mode: 0o600 });
  return `ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem; ssl_protocols TLSv1.3;
       ssl_session_cache off; ssl_session_tickets off;`;
}

async function startNginx(certificates) {
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
       ${certificates === undefined ? '' : nginxTls(folder, certificates)}
       server { listen 127.0.0.1:${port} ${certificates === undefined ? '' : 'ssl '}backlog=4096; location / { return 200 "${body}"; } }
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

async function startReference(certificates) {
  const tls = { sessionTickets: false, earlyDataBytes: 0, certificate: 'ecdsa' };
  const server = await (certificates === undefined
    ? startServer(serverConfig(), { seed: 1, deadlineMs: 10_000 })
    : startServer(
        { ...serverConfig(), tls },
        { seed: 1, deadlineMs: 10_000, tls: { ...certificates, version: '1.3' } },
      ));
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
