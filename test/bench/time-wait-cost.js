// What counting TIME_WAIT costs at a given number of such sockets: sock_diag whole and filtered, /proc/net/tcp, and `ss`.
//
// node test/bench/time-wait-cost.js [COUNT] [ROUNDS]     default 28000 sockets, 9 rounds; needs `npm run build`, unshare and ip
//
// The sockets are made on the loopback of a network namespace of its own (`unshare -n`, or -Urn without root), half of them held by
// the client and half by the server, and go away with it. Methods are interleaved within a round. `filter to none` asks for a port
// nobody uses: the price of walking the table alone. Wall time in ms. A method whose count is wrong ends the run with exit code 1.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { availableParallelism, cpus, release } from 'node:os';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { tallyProcNetTcp } from '../../dist/kernel/proc-net.js';
import { SockDiag } from '../../dist/kernel/sock-diag.js';

const insideFlag = '--inside';
const inside = process.argv[2] === insideFlag;
const [count = 28_000, rounds = 9] = process.argv.slice(inside ? 3 : 2).map(Number);
const unusedPort = 1;
const atOnce = 32;
const firstPort = 2048;

if (
  !Number.isInteger(count) ||
  count < 2 ||
  count > 60_000 ||
  !Number.isInteger(rounds) ||
  rounds < 1 ||
  rounds > 100
) {
  console.error('usage: time-wait-cost.js [COUNT 2-60000] [ROUNDS 1-100]');
  process.exitCode = 2;
} else if (inside) {
  await measure();
} else {
  process.exitCode = runInNamespace();
}

function runInNamespace() {
  const flags = process.getuid?.() === 0 ? '-n' : '-Urn';
  const self = [process.execPath, fileURLToPath(import.meta.url), insideFlag, String(count), String(rounds)];
  const result = spawnSync('unshare', [flags, ...self], { stdio: 'inherit' });
  if (result.error !== undefined) console.error(`unshare: ${result.error.message}`);
  return result.status ?? 1;
}

async function measure() {
  if (spawnSync('ip', ['link', 'set', 'lo', 'up'], { stdio: 'inherit' }).status !== 0)
    throw new Error('ip link set lo up');
  // A reused port would end a TIME_WAIT early.
  writeFileSync('/proc/sys/net/ipv4/tcp_tw_reuse', '0');
  writeFileSync('/proc/sys/net/ipv4/tcp_max_tw_buckets', String(2 * count));
  const { port, expected, seconds, stop } = await makeTimeWait();
  console.log(
    `${cpus()[0]?.model}, ${availableParallelism()} cores, Linux ${release()}, Node ${process.versions.node}`,
  );
  console.log(`${count} TIME_WAIT sockets made in ${seconds.toFixed(1)} s; ${rounds} rounds; ms`);
  const opened = SockDiag.open();
  if (!opened.ok) throw new Error(opened.reason);
  const methods = listMethods(opened.diag, port);
  const timesMs = new Map(methods.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, count: countNow, finds } of methods) {
      const before = performance.now();
      const found = countNow();
      timesMs.get(name).push(performance.now() - before);
      const wanted = finds === 'all' ? expected : { client: 0, server: 0 };
      if (found.client !== wanted.client || found.server !== wanted.server) {
        throw new Error(`${name} found ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
      }
    }
  }
  opened.diag.close();
  stop();
  for (const [name, times] of timesMs) console.log(describe(name, times));
}

function describe(name, times) {
  const sorted = times.toSorted((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  const cells = [median, sorted[0], sorted.at(-1)].map((value) => value.toFixed(2).padStart(9));
  return `${name.padEnd(26)} median ${cells[0]}  min ${cells[1]}  max ${cells[2]}`;
}

function listMethods(diag, port) {
  const byDiag = (watched, filter) => () => {
    const result = diag.timeWait(watched, filter);
    if (!result.ok) throw new Error(result.reason);
    return result.value;
  };
  const methods = [
    { name: 'sock_diag, whole', finds: 'all', count: byDiag(port, false) },
    { name: 'sock_diag, filter', finds: 'all', count: byDiag(port, true) },
    { name: 'sock_diag, filter to none', finds: 'none', count: byDiag(unusedPort, true) },
    { name: '/proc/net/tcp', finds: 'all', count: () => tallyProcNetTcp(port).in('timeWait') },
  ];
  if (spawnSync('ss', ['-V']).status === 0) {
    methods.push({
      name: 'ss, once per side',
      finds: 'all',
      count: () => ({ client: ss('dport', port), server: ss('sport', port) }),
    });
  } else {
    console.log('ss is not installed: left out');
  }
  return methods;
}

function ss(side, port) {
  const { stdout, status } = spawnSync('ss', ['-Htan', 'state', 'time-wait', `${side} = :${port}`], {
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error('ss failed');
  let lines = 0;
  for (const byte of stdout) if (byte === 10) lines += 1;
  return lines;
}

async function makeTimeWait() {
  const startMs = performance.now();
  let serverCloses = false;
  let serverOpen = 0;
  // Each port once: a second connection from a port ends the TIME_WAIT that the server holds of the first.
  let nextPort = firstPort;
  const server = createServer((socket) => {
    serverOpen += 1;
    socket.resume().on('close', () => {
      serverOpen -= 1;
      if (serverOpen === 0) server.emit('idle');
    });
    if (serverCloses) socket.end();
  });
  server.listen(0, '127.0.0.1', 1024);
  await once(server, 'listening');
  const { port } = server.address();
  const expected = { client: Math.ceil(count / 2), server: Math.floor(count / 2) };
  for (const side of ['client', 'server']) {
    serverCloses = side === 'server';
    let left = expected[side];
    const worker = async () => {
      while (left > 0) {
        left -= 1;
        const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.2', localPort: nextPort++ });
        const closed = once(socket.resume(), 'close');
        await once(socket, 'connect');
        if (!serverCloses) socket.end();
        await closed;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, () => worker()));
    if (serverOpen > 0) await once(server, 'idle');
  }
  return { port, expected, seconds: (performance.now() - startMs) / 1000, stop: () => server.close() };
}
