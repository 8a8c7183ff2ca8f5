// How long a lab takes to come and go, and what is left after many: `npm run bench -- lab-cycle [CYCLES]`, 200 where absent.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { openLab } from '../../dist/lab/lab.js';
import { trialConfig } from './trial-config.js';

const cycles = Number(process.argv[2] ?? 200);
const network = {
  ...trialConfig({}).network,
  mode: 'lab',
  congestionControl: 'cubic',
  sysctls: { client: { 'net.ipv4.ip_local_port_range': '40000 40499' }, server: { 'net.core.somaxconn': '512' } },
};

/** Which of the namespaces still have a process in them. Asked at once: the kernel gives their numbers to others later. */
function alive(namespaces) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return new Set(pids.map(namespaceOf).filter((name) => namespaces.includes(name))).size;
}

function namespaceOf(pid) {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return null; // Gone meanwhile, or somebody else's.
  }
}

/** Network devices here, own processes and descriptors. */
function leftovers() {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1').split(' ').filter(Boolean).length;
  const devices = readFileSync('/proc/net/dev', 'latin1').trim().split('\n').length - 2;
  return { devices, children, descriptors: readdirSync('/proc/self/fd').length };
}

async function cycle() {
  const start = performance.now();
  const lab = await openLab({ network, seed: 1, pcapPath: null, deadlineMs: 10_000 });
  const up = performance.now();
  const namespaces = [lab.clientNamespacePid, lab.serverNamespacePid].map(namespaceOf);
  const stop = performance.now();
  await lab.close();
  return { upMs: up - start, downMs: performance.now() - stop, namespacesLeft: alive(namespaces) };
}

await cycle(); // What is loaded once stays.
const before = leftovers();
const times = [];
for (let index = 0; index < cycles; index++) times.push(await cycle());
await new Promise((resolve) => setTimeout(resolve, 100)); // Closed streams give their descriptors back a moment later.
const quantile = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))].toFixed(1);
for (const [name, pick] of [
  ['set-up', ({ upMs }) => upMs],
  ['tear-down', ({ downMs }) => downMs],
  ['together', ({ upMs, downMs }) => upMs + downMs],
]) {
  const values = times.map(pick);
  console.log(`${name.padEnd(10)} p50 ${quantile(values, 0.5)} ms, p99 ${quantile(values, 0.99)} ms`);
}
console.log(
  'namespaces left',
  times.reduce((sum, { namespacesLeft }) => sum + namespacesLeft, 0),
);
console.log('before', JSON.stringify(before));
console.log('after ', JSON.stringify(leftovers()));
