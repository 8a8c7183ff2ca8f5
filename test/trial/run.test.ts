/** A run writes every trial before the next begins, stops in order, and can be gone on with. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readResultFile } from '../../src/results/read-file.ts';
import { createResultFile, resumeResultFile } from '../../src/results/store.ts';
import { readEnvironment } from '../../src/samplers/environment.ts';
import { parseScenario } from '../../src/scenario/parse.ts';
import { planTrials } from '../../src/scenario/plan.ts';
import type { TrialDependencies } from '../../src/trial/dependencies.ts';
import { hostLimits, recordedEnvironment } from '../../src/trial/environment.ts';
import { assertSamePlan, headerRecord, trialsToRun } from '../../src/trial/header.ts';
import { runTrials, type RunEvents } from '../../src/trial/run.ts';
import { fakeTrial } from './fakes.ts';

const parsed = parseScenario(
  `name: two
question: Which?
base: { load: { model: open, rate: 80/s, arrivals: constant, warmUp: 250ms, duration: 1s } }
axes: { strategy: { close: { strategy: { connection: close } }, keep: {} } }
blocks: 2`,
  { file: 'two.yaml' },
);
if (!parsed.ok) throw new Error('the test scenario is broken');
const { scenario } = parsed;
const plan = planTrials(scenario, { seed: 5 });

/** Fresh fake processes for every trial: their promises settle once. */
function dependencies(): TrialDependencies {
  let current = fakeTrial().dependencies;
  return {
    openLab: (options) => current.openLab(options),
    certificates: (kind) => current.certificates(kind),
    startServer: (...args) => {
      current = fakeTrial().dependencies;
      return current.startServer(...args);
    },
    startHop: (...args) => current.startHop(...args),
    startAttackers: (options) => current.startAttackers(options),
    startGenerator: (options) => current.startGenerator(options),
    startSampler: (request) => current.startSampler(request),
    readKernelCounters: () => current.readKernelCounters(),
  };
}

const noLab = { capability: { ok: false, reasons: [{ what: 'No lab.', fix: 'Get one.' }] }, pcapDir: null } as const;

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'connbench-run-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

async function begin(signal: AbortSignal, events: RunEvents = {}): Promise<string> {
  const machine = readEnvironment();
  const identity = {
    runId: 'abc',
    startedAt: new Date(0).toISOString(),
    connbenchVersion: '0',
    environment: recordedEnvironment(machine),
  };
  const writer = await createResultFile(dir, headerRecord(scenario, plan, identity));
  const limits = hostLimits(machine);
  const trials = trialsToRun(plan);
  await runTrials({
    trials,
    alreadyCompleted: 0,
    writer,
    limits,
    signal,
    events,
    ...noLab,
    dependencies: dependencies(),
  });
  return writer.path;
}

test('all trials of all blocks, in the order of the plan', async () => {
  const seen: string[] = [];
  const path = await begin(new AbortController().signal, {
    onTrialStart: ({ index }) => seen.push(`start ${index}`),
    onTrialEnd: ({ index }, record) => seen.push(`end ${index} ${record.variant}`),
  });
  expect(seen).toEqual(plan.trials.flatMap(({ index, variant }) => [`start ${index}`, `end ${index} ${variant}`]));
  const file = await readResultFile(path);
  expect(file.trials.map(({ index, block, order, variant }) => ({ index, block, order, variant }))).toEqual(
    file.header.trials,
  );
  expect(file.footer).toMatchObject({ completedTrials: 4, interrupted: false, reason: null });
  expect(file.problems).toEqual([]);
});

test('gates of the scenario stand in the header; without them it has no such key', () => {
  const gates = [{ metric: 'latency.response.p99', margin: 0.1 }];
  const identity = {
    runId: 'abc',
    startedAt: new Date(0).toISOString(),
    connbenchVersion: '0',
    environment: recordedEnvironment(readEnvironment()),
  };
  expect(headerRecord(scenario, { ...plan, gates }, identity).gates).toEqual(gates);
  expect(headerRecord(scenario, plan, identity)).not.toHaveProperty('gates');
});

test('an interrupt keeps what is done, and a resumed run does the rest', async () => {
  const abort = new AbortController();
  const path = await begin(abort.signal, {
    onTrialEnd: ({ index }) => {
      if (index === 1) abort.abort();
    },
  });
  expect((await readResultFile(path)).footer).toMatchObject({ completedTrials: 2, interrupted: true });

  const { header, completedIndexes, writer } = await resumeResultFile(path);
  const again = parseScenario(JSON.stringify(header.scenario.document), { file: path });
  if (!again.ok) throw new Error('the scenario in the file cannot be read again');
  const replanned = planTrials(again.scenario, { seed: header.seed, blocks: header.blocks });
  assertSamePlan(header, again.scenario, replanned, path);
  const trials = trialsToRun(replanned, completedIndexes);
  expect(trials.map(({ index }) => index)).toEqual([2, 3]);
  const limits = hostLimits(readEnvironment());
  const { signal } = new AbortController();
  await runTrials({
    trials,
    alreadyCompleted: 2,
    writer,
    limits,
    signal,
    events: {},
    ...noLab,
    dependencies: dependencies(),
  });
  const file = await readResultFile(path);
  expect(file.trials.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  expect(file.footer).toMatchObject({ completedTrials: 4, interrupted: false });
});

test('a file of another plan is not gone on with', async () => {
  const { header } = await readResultFile(await begin(new AbortController().signal));
  const other = planTrials(scenario, { seed: 6 });
  expect(() => {
    assertSamePlan(header, scenario, other, 'x.ndjson');
  }).toThrow('x.ndjson holds another plan than this version makes of its scenario');
});
