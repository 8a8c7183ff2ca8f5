// What an idle kept connection costs the generator process in resident memory: the same run with many and with few connections.
import { setTimeout as sleep } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { startGenerator } from '../../dist/generator/child.js';
import { startServer } from '../../dist/server/child.js';
import { serverConfig, trialConfig } from './trial-config.js';

const few = 10;

function rssBytes(pid) {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match[1]) * 1024;
}

async function rssWith(connections, port) {
  const generator = await startGenerator({ deadlineMs: 10_000 });
  try {
    const startBytes = rssBytes(generator.pid);
    let open = 0;
    generator.onLive((live) => (open = live.openConnections));
    const config = trialConfig({
      pool: { size: connections, prefetch: true },
      load: { model: 'open', arrivals: 'constant', ratePerSecond: 10, warmUpMs: 1000, durationMs: 4000 },
    });
    generator.start({ config, host: '127.0.0.1', port, seed: 1 });
    await sleep(4000);
    const idleBytes = rssBytes(generator.pid);
    if (open < connections)
      throw new Error(`only ${open} of ${connections} connections are open; is ulimit -n too low?`);
    await generator.done;
    return { startBytes, idleBytes };
  } finally {
    generator.kill();
  }
}

const many = Number(process.argv[2] ?? 10_000);
if (!Number.isInteger(many) || many <= few || many > 60_000) {
  console.error('usage: idle-memory.js [CONNECTIONS 11-60000]');
  process.exitCode = 2;
} else {
  await benchIdleMemory();
}

async function benchIdleMemory() {
  const server = await startServer(serverConfig(), { seed: 1, deadlineMs: 10_000 });
  try {
    const small = await rssWith(few, server.port);
    const large = await rssWith(many, server.port);
    const kib = (bytes) => (bytes / 1024).toFixed(0);
    const perConnection = (large.idleBytes - small.idleBytes) / (many - few);
    console.log(`generator RSS at its start ${kib(large.startBytes)} KiB`);
    console.log(`with ${few} idle connections ${kib(small.idleBytes)} KiB, with ${many} ${kib(large.idleBytes)} KiB`);
    console.log(`${perConnection.toFixed(0)} bytes for each idle connection`);
  } finally {
    await server.stop(2000);
  }
}
