/** A trial in a lab: what starts where, what is noted when the lab fails, and that the lab is closed whatever happens. */
import { expect, test } from 'vitest';
import type { Lab, LabOptions } from '../../src/lab/lab.ts';
import { LabError } from '../../src/lab/link-process.ts';
import { unexplainedNulls } from '../../src/results/missing.ts';
import { trialSchema, type TrialRecord } from '../../src/results/record.ts';
import type { KernelCounters, SamplerRequest } from '../../src/samplers/messages.ts';
import type { TcpConfig } from '../../src/scenario/config.ts';
import { UserError } from '../../src/scenario/user-error.ts';
import type { TrialDependencies } from '../../src/trial/dependencies.ts';
import { trialRecord } from '../../src/trial/record.ts';
import { runTrial } from '../../src/trial/run-trial.ts';
import { fakeTrial, never, type FakeBehaviour } from './fakes.ts';
import { config, link } from './fixtures.ts';

const planned = { index: 0, block: 0, order: 0, variant: 'v', config, seed: 7 };
const circumstances = {
  mode: { name: 'lab', fallback: null },
  limits: { openFiles: 1024, ephemeralPorts: 1 },
  timeWaitCounting: 'entry',
  samplerIntervalMs: 100,
} as const;

/** The hosts are this one: `env` starts what follows it. */
class FakeLab implements Lab {
  readonly clientLauncher = ['/usr/bin/env'];
  readonly serverLauncher = ['/usr/bin/env', '-'];
  readonly clientNamespacePid = 11;
  readonly serverNamespacePid = 12;
  readonly clientAddress = '198.18.0.1';
  readonly serverAddress = '198.18.0.2';
  died: Promise<string> = never();
  closed = 0;
  report: typeof link | null = link;

  linkSnapshot(): Promise<typeof link> {
    return Promise.reject(new LabError('LINK_ENDED', 'no link'));
  }
  close(): Promise<typeof link | null> {
    this.closed++;
    return Promise.resolve(this.report);
  }
}

/** Both hosts' counters before and after, by the process that they are read through. */
function countersOf(lab: FakeLab): TrialDependencies['readKernelCounters'] {
  const reading = (ActiveOpens: number, PassiveOpens: number, TW: number): KernelCounters => ({
    atNs: 0,
    counters: { ActiveOpens, PassiveOpens, TW, TCPTimeWaitOverflow: 0 },
  });
  const readings = new Map([
    [lab.clientNamespacePid, [reading(1, 0, 0), reading(11, 0, 7)]],
    [lab.serverNamespacePid, [reading(2, 5, 2), reading(2, 15, 5)]],
  ]);
  return (pid = 0) => readings.get(pid)?.shift() ?? { missing: `nothing of ${pid}` };
}

async function run(lab: FakeLab, behaviour: FakeBehaviour = {}, tcp: Partial<TcpConfig> = {}): Promise<TrialRecord> {
  const strategy = { ...config.strategy, tcp: { ...config.strategy.tcp, ...tcp } };
  const { dependencies } = fakeTrial({
    ...behaviour,
    dependencies: {
      openLab: () => Promise.resolve(lab),
      readKernelCounters: countersOf(lab),
      ...behaviour.dependencies,
    },
  });
  const record = trialRecord(
    await runTrial({ planned: { ...planned, config: { ...config, strategy } }, circumstances }, dependencies),
  );
  trialSchema.parse(record);
  expect(unexplainedNulls(record)).toEqual([]);
  return record;
}

test('the client has as many addresses as its connections start from', async () => {
  const lab = new FakeLab();
  const opened: LabOptions[] = [];
  const openLab: TrialDependencies['openLab'] = (options) => {
    opened.push(options);
    return Promise.resolve(lab);
  };
  await run(lab, { dependencies: { openLab } }, { sourceAddresses: 3 });
  await run(lab, { dependencies: { openLab } });
  expect(opened.map(({ clientAddresses }) => clientAddresses)).toEqual([3, undefined]);
});

test('server and generator start on their hosts, and the record has what each host and the wire counted', async () => {
  const lab = new FakeLab();
  const { dependencies, server, generator } = fakeTrial();
  const asked: unknown[] = [];
  const opened: LabOptions[] = [];
  const sampled: SamplerRequest[] = [];
  const record = await run(lab, {
    dependencies: {
      openLab: (options) => {
        opened.push(options);
        return Promise.resolve(lab);
      },
      startServer: (_, { host, launcher }) => {
        asked.push({ host, launcher });
        return Promise.resolve(server);
      },
      startGenerator: ({ launcher }) => {
        asked.push({ launcher });
        return Promise.resolve(generator);
      },
      startSampler: (request) => {
        sampled.push(request);
        return dependencies.startSampler(request);
      },
    },
  });
  expect(opened).toMatchObject([{ network: config.network, seed: 7, pcapPath: null }]);
  expect(asked).toEqual([{ host: '198.18.0.2', launcher: lab.serverLauncher }, { launcher: lab.clientLauncher }]);
  expect(sampled).toMatchObject([{ namespaces: { clientPid: 11, serverPid: 12 }, serverTree: false }]);
  expect(record).toMatchObject({
    valid: true,
    mode: 'lab',
    kernel: { client: { ActiveOpens: 10, TW: 7 }, server: { PassiveOpens: 10, TW: 3 }, scope: 'separate' },
    timeWait: { client: { entered: 6, teardown: 1 }, server: { entered: 3, teardown: 0 }, overflow: 0 },
    // 260 packets for 100 requests.
    link: { packets: 260, bytes: 20_000, syn: 10, synAck: 10, fin: 20, packetsPerRequest: 2.6, flows: 10 },
  });
  expect(record.reconciliation.filter(({ ok }) => ok !== true)).toEqual([]);
  expect(lab.closed).toBe(1);
});

test('a lab that dies ends the load and is the reason', async () => {
  const lab = new FakeLab();
  let die: (sentence: string) => void = () => undefined;
  lab.died = new Promise((resolve) => (die = resolve));
  lab.report = null;
  const record = await run(lab, {
    onStart: () => {
      die('The link process was ended by SIGKILL.');
    },
  });
  expect(record.invalidReasons).toEqual([{ code: 'lab-died', message: 'The link process was ended by SIGKILL.' }]);
  expect(record.requests?.completed).toBe(80);
  expect(record.missing['link']).toBe('the lab ended without a report');
  expect(lab.closed).toBe(1);
});

test('a link without a last report is a lab that died', async () => {
  const lab = new FakeLab();
  lab.report = null;
  const { invalidReasons } = await run(lab);
  expect(invalidReasons).toContainEqual({ code: 'lab-died', message: 'the link gave no last report' });
});

test('a lab that does not start makes the trial invalid; one that is refused ends the run', async () => {
  const lab = new FakeLab();
  const failing = { openLab: () => Promise.reject(new LabError('LAB_FAILED', 'No hosts.')) };
  expect((await run(lab, { dependencies: failing })).invalidReasons).toEqual([
    { code: 'lab-failed', message: 'the start of the lab failed: No hosts.' },
  ]);
  const refusing = { openLab: () => Promise.reject(new UserError('SYSCTL_REFUSED', 'refused')) };
  await expect(run(lab, { dependencies: refusing })).rejects.toThrow(UserError);
});

test('a server that does not start leaves no lab', async () => {
  const lab = new FakeLab();
  const record = await run(lab, { dependencies: { startServer: () => Promise.reject(new Error('no')) } });
  expect(record.invalidReasons.map(({ code }) => code)).toEqual(['server-unreachable']);
  expect(lab.closed).toBe(1);
});
