/** Labs as a program that holds one sees them, for root and for an ordinary user: what is set up, and that nothing stays. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostNetwork } from '../clients/trial-config.ts';
import { collect, isAlive, until, type Ended } from '../e2e/connbench.ts';
import { hasLab, openTunToAll, users, type User } from './users.ts';

const script = fileURLToPath(new URL('lab-session.js', import.meta.url));
const network = {
  ...hostNetwork,
  mode: 'lab',
  sysctls: {
    client: { 'net.ipv4.ip_local_port_range': '40000 40099', 'net.ipv4.tcp_tw_reuse': '0' },
    server: { 'net.ipv4.tcp_tw_reuse': '1' },
  },
};

interface Facts {
  readonly holders: readonly number[];
  readonly children: readonly number[];
  readonly client: unknown;
  readonly server: unknown;
  /** Of a program on the server host. */
  readonly serverAddresses: readonly string[];
  readonly holderAddresses: readonly (readonly string[])[];
  /** That the launcher leaves to what it starts. */
  readonly moreDescriptors: number;
}

interface Session {
  readonly child: ChildProcess;
  readonly facts: Facts;
  readonly ended: Promise<Ended>;
}

/** In a process group of its own, as a program at a terminal has. */
async function hold(user: User): Promise<Session> {
  const options = { network, seed: 1, pcapPath: null, deadlineMs: 20_000 };
  const request = JSON.stringify(options, (_, value: unknown) => (value === Infinity ? 'Infinity' : value));
  const [program, ...args] = [...user.launcher, process.execPath, script, request];
  const child = spawn(program, args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = collect(child);
  const first = await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
  if (!Array.isArray(first)) throw new Error(`no lab: ${first.stderr}`);
  return { child, ended, facts: JSON.parse(String(first[0])) as Facts };
}

/** Field 5 of proc_pid_stat(5). */
function processGroup(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(text.slice(text.lastIndexOf(') ') + 2).split(' ')[2]);
}

const loopback = { up: true, mtu: 65536, addresses: ['127.0.0.1/8', '::1/128'] };

describe.skipIf(!(await hasLab()))('a lab', () => {
  let restoreTun = (): void => undefined;
  beforeAll(() => {
    restoreTun = openTunToAll();
  });
  afterAll(() => {
    restoreTun();
  });

  describe.each(users)('of $name', (user) => {
    test('has two hosts with addresses, routes and sysctls of their own, and is gone after its close', async () => {
      const { child, facts, ended } = await hold(user);
      expect(facts.client).toEqual({
        user: user.id,
        interfaces: [loopback, { up: true, mtu: 1500, addresses: ['198.18.0.1/15'] }],
        route: '198.18.0.0/15 scope link src 198.18.0.1 congctl cubic',
        portRange: '40000\t40099',
        reuse: '0',
      });
      expect(facts.server).toEqual({
        user: user.id,
        interfaces: [loopback, { up: true, mtu: 1500, addresses: ['198.18.0.2/15'] }],
        route: '198.18.0.0/15 scope link src 198.18.0.2 congctl cubic',
        portRange: '32768\t60999',
        reuse: '1',
      });
      expect(facts.serverAddresses).toEqual(['127.0.0.1', '198.18.0.2']);
      expect(facts.holderAddresses).toEqual([
        ['127.0.0.1', '198.18.0.1'],
        ['127.0.0.1', '198.18.0.2'],
      ]);
      expect(facts.moreDescriptors).toBe(0);
      child.stdin?.end();
      const { code, stdout, stderr } = await ended;
      expect({ code, last: stdout.trim().split('\n').at(-1), stderr }).toEqual({
        code: 0,
        last: '{"closed":true}',
        stderr: '',
      });
      expect(facts.children.filter(isAlive)).toEqual([]);
    });

    test('is gone when its program is ended by SIGKILL', async () => {
      const { child, facts, ended } = await hold(user);
      expect(facts.children.length).toBe(user.id === '0' ? 3 : 4);
      child.kill('SIGKILL');
      expect((await ended).signal).toBe('SIGKILL');
      await until('everything ends', () => !facts.children.some(isAlive));
    });

    test('outlives Ctrl-C, so that its program can end its work in order', async () => {
      const { child, facts, ended } = await hold(user);
      // The whole process group but its leader: the real one listens for the signal.
      for (const pid of facts.children) {
        if (processGroup(pid) === child.pid) process.kill(pid, 'SIGINT');
      }
      child.stdin?.end();
      expect((await ended).stdout).toContain('{"closed":true}');
    });
  });
});
