// The emulated link: how late it delivers 20,000 packets a second, and how many requests a second pass it without delay.
//
// node test/bench/link.js [SECONDS]     default 5 a part; needs `npm run build` and a machine that allows a lab (connbench doctor)
//
// Lateness: 100 connections, each sending 1 byte every 10 ms over a round trip of 20 ms, which with the ACKs makes 20,000 packets a second
// in both directions together. Requests: the reference server and the reference client, 32 connections, kept open.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { openLab } from '../../dist/lab/lab.js';
import { IpcChild } from '../../dist/kernel/ipc-child.js';
import { entryFile } from '../../dist/kernel/entry.js';
import { Histogram } from '../../dist/stats/histogram.js';
import { serverConfig, trialConfig } from './trial-config.js';

const port = 8080;
const dist = new URL('../../dist/lab/lab.js', import.meta.url).href;

const seconds = Number(process.argv[2] ?? 5);
if (!Number.isInteger(seconds) || seconds < 1 || seconds > 60) {
  console.error('usage: link.js [SECONDS 1-60]');
  process.exitCode = 2;
} else {
  await benchLateness();
  await benchRequests();
}

function openLink(rttMs) {
  const link = {
    rttMs,
    jitterMs: 0,
    bandwidthBitsPerSecond: Infinity,
    queueBytes: 1_000_000,
    loss: 0,
    reorder: 0,
    duplicate: 0,
    middlebox: null,
  };
  const network = { mode: 'lab', link, congestionControl: 'cubic', sysctls: { client: {}, server: {} } };
  return openLab({ network, seed: 1, pcapPath: null, deadlineMs: 10_000 });
}

function print(title, report, elapsedSeconds) {
  const lateness = Histogram.fromSparse(report.lateness);
  const packets = report.fromClient.sent.packets + report.fromServer.sent.packets;
  const us = (p) => (lateness.quantile(p) / 1000).toFixed(1);
  const cpuUs = report.cpu.userUs + report.cpu.systemUs;
  console.log(
    `${title}: ${(packets / elapsedSeconds).toFixed(0)} packets/s; late by us p50 ${us(0.5)} p90 ${us(0.9)} p99 ${us(0.99)} ` +
      `p99.9 ${us(0.999)}; link CPU ${((100 * cpuUs) / 1e6 / elapsedSeconds).toFixed(0)} % of a core`,
  );
}

/** Runs a program inside a host until it ends or is killed. */
function run(launcher, program) {
  return spawn(launcher[0], [...launcher.slice(1), process.execPath, '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function benchLateness() {
  const lab = await openLink(20);
  const sink = run(
    lab.serverLauncher,
    `require('node:net').createServer((s) => s.resume().on('error', () => {})).listen(${port}, '198.18.0.2', 4096, () => console.log('up'))`,
  );
  await once(sink.stdout, 'data');
  // Ten packets at each millisecond; each is answered by an ACK.
  const source = run(
    lab.clientLauncher,
    `const net = require('node:net');
     const sockets = Array.from({ length: 100 }, () => net.connect({ port: ${port}, host: '198.18.0.2', noDelay: true }));
     let sent = 0;
     const start = performance.now();
     setInterval(() => {
       const due = (performance.now() - start) * 10;
       while (sent < due) { sockets[sent++ % 100].write('x'); }
       if (performance.now() - start > ${seconds * 1000}) process.exit(0);
     }, 1);`,
  );
  const startMs = performance.now();
  await once(source, 'exit');
  const report = await lab.linkSnapshot();
  print('20 ms round trip', report, (performance.now() - startMs) / 1000);
  sink.kill('SIGKILL');
  await once(sink, 'exit');
  await lab.close();
}

async function benchRequests() {
  const lab = await openLink(0);
  const server = new IpcChild(entryFile(dist, '../server/main'), [], lab.serverLauncher);
  const listening = messageOf(server, 'listening');
  server.send({ type: 'start', config: serverConfig(), host: lab.serverAddress, port, seed: 1 });
  await listening;
  const generator = new IpcChild(entryFile(dist, '../generator/main'), ['reference'], lab.clientLauncher);
  await messageOf(generator, 'ready');
  const config = trialConfig({
    pool: { size: 32 },
    load: { model: 'closed', users: 32, thinkTimeMs: 0, warmUpMs: 500, durationMs: seconds * 1000 },
  });
  const done = messageOf(generator, 'done');
  const startMs = performance.now();
  generator.send({ type: 'start', config, host: lab.serverAddress, port, seed: 1 });
  const { report } = await done;
  const elapsedSeconds = (performance.now() - startMs) / 1000;
  print('no delay', await lab.linkSnapshot(), elapsedSeconds);
  console.log(
    `no delay: ${(report.measure.completed / seconds).toFixed(0)} requests/s over 32 connections, ${report.measure.failed} failed`,
  );
  await Promise.all([generator.kill(), server.kill()]);
  await lab.close();
}

/** The next message of a type. Rejects where the process fails or ends. */
function messageOf(child, type) {
  return new Promise((resolve, reject) => {
    const forget = child.onMessage((message) => {
      if (message.type === 'failed') reject(new Error(message.message));
      if (message.type !== type) return;
      forget();
      resolve(message);
    });
    void child.ended.then((end) => reject(new Error(child.describeEnd(end))));
  });
}
