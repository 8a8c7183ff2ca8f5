// Holds a lab for a test: opens one as asked in its argument, prints a line of JSON about it, and closes it at the end of its standard input.
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { openLab } from '../../dist/lab/lab.js';

const lab = await openLab(JSON.parse(process.argv[2] ?? '', (_, value) => (value === 'Infinity' ? Infinity : value)));
const run = (launcher, ...command) => {
  const [program, ...args] = [...launcher, ...command];
  return execFileSync(program, args, { encoding: 'utf8' });
};

/** What a program inside a host sees. */
function hostFacts(launcher) {
  const device = JSON.parse(run(launcher, 'ip', '-json', 'address'));
  return {
    user: run(launcher, 'id', '-u').trim(),
    interfaces: device.map(({ flags, mtu, addr_info: addresses }) => ({
      up: flags.includes('UP'),
      mtu,
      addresses: addresses.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
    })),
    route: run(launcher, 'ip', 'route')
      .trim()
      .replace(/ dev \w+/, ''),
    portRange: run(launcher, 'cat', '/proc/sys/net/ipv4/ip_local_port_range').trim(),
    reuse: run(launcher, 'cat', '/proc/sys/net/ipv4/tcp_tw_reuse').trim(),
  };
}

/** What this process sees from outside of a program behind the launcher. */
function outsideView(launcher) {
  const [program, ...args] = [...launcher, 'cat'];
  const child = spawn(program, args);
  return new Promise((resolve) => {
    child.stdout.once('data', () => {
      const descriptors = readdirSync(`/proc/${child.pid}/fd`).length;
      resolve({ descriptors, addresses: addressesOf(child.pid) });
      child.stdin.end();
    });
    child.stdin.write('\n');
  });
}

/** Tells network namespaces of a lab apart: every local address of the namespace of a process. */
function addressesOf(pid) {
  const table = readFileSync(`/proc/${pid}/net/fib_trie`, 'latin1');
  return [...new Set(Array.from(table.matchAll(/-- (\S+)\n\s+\/32 host LOCAL/g), ([, address]) => address))].sort();
}

const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1').trim().split(' ').map(Number);
const inside = await outsideView(lab.serverLauncher);
const outside = await outsideView([]);
const facts = {
  holders: [lab.clientNamespacePid, lab.serverNamespacePid],
  children,
  client: hostFacts(lab.clientLauncher),
  server: hostFacts(lab.serverLauncher),
  serverAddresses: inside.addresses,
  holderAddresses: [addressesOf(lab.clientNamespacePid), addressesOf(lab.serverNamespacePid)],
  moreDescriptors: inside.descriptors - outside.descriptors,
};
process.stdout.write(`${JSON.stringify(facts)}\n`);
for await (const chunk of process.stdin) void chunk;
const report = await lab.close();
process.stdout.write(`${JSON.stringify({ closed: report !== null })}\n`);
