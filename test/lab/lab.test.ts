/** Labs in this process: refusals by name, traffic between the hosts, an early death, and many in a row without a trace. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { startGenerator } from '../../src/generator/child.ts';
import { openLab, type Lab } from '../../src/lab/lab.ts';
import { runProgram } from '../../src/lab/system-programs.ts';
import type { NetworkConfig } from '../../src/scenario/config.ts';
import { UserError } from '../../src/scenario/user-error.ts';
import { startServer } from '../../src/server/child.ts';
import { closedLoad, hostNetwork, trialConfig } from '../clients/trial-config.ts';
import { childrenOf, until } from '../e2e/connbench.ts';
import { serverConfig } from '../server/server-config.ts';
import { hasLab } from './users.ts';

const deadlineMs = 20_000;
const labs: Lab[] = [];

async function open(changes: Partial<NetworkConfig> = {}): Promise<Lab> {
  const network: NetworkConfig = { ...hostNetwork, mode: 'lab', ...changes };
  const lab = await openLab({ network, seed: 1, pcapPath: null, deadlineMs });
  labs.push(lab);
  return lab;
}

/** The network namespace of a process, or null where it is gone or somebody else's. */
function namespaceOf(pid: number | string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return null;
  }
}

/** Those of the namespaces that still have a process in them. */
function alive(namespaces: ReadonlySet<string | null>): readonly string[] {
  const all = new Set(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(namespaceOf),
  );
  return [...all].filter((name) => name !== null && namespaces.has(name)) as string[];
}

const descriptors = (): number => readdirSync('/proc/self/fd').length;
const devices = (): string => readFileSync('/proc/net/dev', 'latin1').replaceAll(/:.*/g, '');

describe.skipIf(!(await hasLab()))('a lab', () => {
  afterEach(async () => {
    await Promise.all(labs.splice(0).map((lab) => lab.close()));
  });

  test.each([
    ['client', 'net.ipv4.no_such', '1', ' = "1"', 'unknown to this kernel, or not a setting of a host'],
    ['server', 'net.ipv4.tcp_tw_reuse', '9', ' = "9"', 'Invalid argument'],
    ['server', 'net.ipv4.tcp_tw_reuse', 'often', ' = "often"', 'Invalid argument'],
    ['client', 'net.core.somaxconn', '010', ' = "010"', 'the kernel made it "8"'],
    ['client', 'net.ipv4.tcp_available_congestion_control', 'x', ' = "x"', 'Permission denied'],
    ['server', 'kernel.pid_max', '1', '', 'only net.ipv4 and net.core can be set'],
    ['server', 'net.ipv4/../../kernel/pid_max', '1', '', 'only net.ipv4 and net.core can be set'],
  ] as const)('refuses on the %s: %s = %s', async (side, name, value, shown, reason) => {
    const before = childrenOf(process.pid);
    const sysctls = { client: {}, server: {}, [side]: { 'net.ipv4.tcp_fin_timeout': '30', [name]: value } };
    const error: unknown = await open({ sysctls }).catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      code: 'SYSCTL_REFUSED',
      message: `sysctl ${name}${shown} was refused on host "${side}": ${reason}`,
    });
    expect(childrenOf(process.pid)).toEqual(before);
  });

  test('refuses a congestion control that the kernel does not have', async () => {
    const before = childrenOf(process.pid);
    await expect(open({ congestionControl: 'nonsense' })).rejects.toMatchObject({
      code: 'CONGESTION_CONTROL_UNKNOWN',
      message: 'network.congestionControl: this kernel has no "nonsense"',
    });
    expect(childrenOf(process.pid)).toEqual(before);
  });

  test.each(['cubic', 'reno'])('pins %s for both ends of a connection', async (congestionControl) => {
    const lab = await open({ congestionControl });
    const server = await startServer(serverConfig('reference'), {
      seed: 1,
      host: lab.serverAddress,
      launcher: lab.serverLauncher,
      deadlineMs,
    });
    const hold = `require('node:net').connect(${server.port}, '${server.host}', () => console.log())`;
    const [program, ...args] = [...lab.clientLauncher, process.execPath, '-e', hold];
    const client = spawn(program, args);
    await once(client.stdout, 'data');
    const ss = ['ss', '-Htin', 'state', 'established'];
    const atClient = await runProgram([...lab.clientLauncher, ...ss], deadlineMs);
    const atServer = await runProgram([...lab.serverLauncher, ...ss], deadlineMs);
    expect(atClient.stdout).toMatch(new RegExp(`198\\.18\\.0\\.2:${server.port}\\s+${congestionControl} `));
    expect(atServer.stdout).toMatch(new RegExp(`198\\.18\\.0\\.1:\\d+\\s+${congestionControl} `));
    client.kill();
    await once(client, 'exit');
    await server.stop(0);
  });

  test('carries requests from the generator to the server, and every count agrees', async () => {
    const lab = await open({ link: { ...hostNetwork.link, rttMs: 4 } });
    const server = await startServer(serverConfig('reference'), {
      seed: 1,
      host: lab.serverAddress,
      launcher: lab.serverLauncher,
      deadlineMs,
    });
    const generator = await startGenerator({ launcher: lab.clientLauncher, deadlineMs });
    const config = trialConfig(closedLoad({ users: 2, durationMs: 300 }), { connection: 'close' });
    generator.start({ config, host: server.host, port: server.port, seed: 1 });
    const { completed, failed } = (await generator.done).wholeTrial;
    const { accepted, executed } = await server.stop(1000);
    const report = await lab.close();
    expect(failed).toBe(0);
    expect(completed).toBeGreaterThan(0);
    expect({ accepted, executed, flows: report?.flows, firstFin: report?.firstFin }).toEqual({
      accepted: completed,
      executed: completed,
      flows: completed,
      firstFin: { client: 0, server: completed },
    });
  });

  test('says that its link died, and has no last report then', async () => {
    const before = new Set(childrenOf(process.pid));
    const lab = await open();
    const link = childrenOf(process.pid).find((pid) => !before.has(pid) && commandOf(pid).includes('lab/main.js'));
    process.kill(link!, 'SIGKILL');
    expect(await lab.died).toBe('The link process was ended by SIGKILL.');
    expect(await lab.close()).toBeNull();
    expect(childrenOf(process.pid)).toEqual([...before]);
  });

  test('says that a host died', async () => {
    const lab = await open();
    const pid = lab.serverNamespacePid;
    process.kill(pid, 'SIGKILL');
    expect(await lab.died).toBe(`The process ${pid} that keeps the server host was ended by SIGKILL.`);
    await lab.close();
  });

  test('leaves no namespace, device, process or descriptor behind, 50 times in a row', async () => {
    await (await open()).close(); // What is loaded once stays.
    const before = {
      devices: devices(),
      children: childrenOf(process.pid),
      descriptors: descriptors(),
    };
    for (let cycle = 0; cycle < 50; cycle++) {
      const lab = await open();
      const hosts = new Set([namespaceOf(lab.clientNamespacePid), namespaceOf(lab.serverNamespacePid)]);
      expect(hosts.size).toBe(2);
      expect(await lab.close()).not.toBeNull();
      // At once: the kernel gives the number of a namespace to another one later.
      expect(alive(hosts)).toEqual([]);
    }
    labs.length = 0;
    await until('descriptors are closed', () => descriptors() <= before.descriptors);
    expect({
      devices: devices(),
      children: childrenOf(process.pid),
      descriptors: descriptors(),
    }).toEqual(before);
  }, 300_000);
});

const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'latin1');
