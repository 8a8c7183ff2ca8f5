/** Which variants are compared with which, what is left out, and what is refused. */
import { describe, expect, test } from 'vitest';
import { assertSameMachine } from '../../src/compare/environment.ts';
import type { HeaderRecord } from '../../src/results/record.ts';
import type { VariantRecord } from '../../src/results/run-plan.ts';
import { header as headerOf, run, variant, type TrialChoice } from '../results/fixtures.ts';
import { compare, fileOf, metricOf, refusal, runOf, two } from './runs.ts';

const names = (document: ReturnType<typeof compare>): readonly string[] => document.pairs.map(({ name }) => name);

/** Two strategies under two loads. */
const grid: readonly VariantRecord[] = ['close', 'keep'].flatMap((s) =>
  ['slow', 'fast'].map((load) => variant(`s=${s} load=${load}`, { s, load }, { model: 'open', rate: load })),
);
const gridRun = (baseline: HeaderRecord['baseline']): ReturnType<typeof run> =>
  run({ variants: grid, blocks: 2, baseline }, () => ({}));

describe('within one run', () => {
  test('every variant against its counterpart under the same load', () => {
    expect(names(compare([gridRun({ s: 'close' })]))).toEqual([
      's=keep load=slow against s=close load=slow',
      's=keep load=fast against s=close load=fast',
    ]);
  });

  test('a baseline under one load holds for the strategies under the other', () => {
    expect(names(compare([gridRun({ s: 'keep', load: 'fast' })]))).toEqual([
      's=close load=slow against s=keep load=slow',
      's=close load=fast against s=keep load=fast',
    ]);
  });

  test('--baseline wins, by name or by axis', () => {
    for (const baseline of ['s=keep load=slow', 's=keep']) {
      expect(names(compare([gridRun({ s: 'close' })], { baseline }))[0]).toBe(
        's=close load=slow against s=keep load=slow',
      );
    }
  });

  test('without a baseline the first is the base, which is said', () => {
    const document = compare([gridRun(null)]);
    expect(names(document)[1]).toBe('s=keep load=fast against s=close load=fast');
    expect(document.warnings).toEqual([
      'No baseline is given: the others are compared with the first variant, s=close load=slow.',
      'No baseline is given: the others are compared with the first variant, s=close load=fast.',
    ]);
  });

  test('another load is no baseline, but by force', () => {
    expect(refusal(() => compare([gridRun({ load: 'slow' })]))).toMatch(/^NOTHING_TO_COMPARE: /);
    const forced = compare([gridRun({ load: 'slow' })], { force: true });
    expect(names(forced)).toEqual([
      's=close load=fast against s=close load=slow',
      's=keep load=fast against s=keep load=slow',
    ]);
    expect(forced.pairs[0]!.warnings[0]).toBe(
      'The two had different conditions (load.rate), compared because of --force.',
    );
  });

  test('what is refused', () => {
    expect(refusal(() => compare([gridRun(null)], { baseline: 's=clse' }))).toBe(
      'UNKNOWN_VARIANT: --baseline: "clse" is not an alternative of the axis "s"; it has close, keep',
    );
    const alone = run({ variants: [grid[0]!], blocks: 2 }, () => ({}));
    expect(refusal(() => compare([alone]))).toBe(
      'NOTHING_TO_COMPARE: run k3v9xq has one variant: there is nothing to compare it with',
    );
  });

  test('a block with an invalid trial counts for neither side, and is listed', () => {
    const invalid = { valid: false, invalidReasons: [{ code: 'link-late', message: 'the machine was too busy' }] };
    const document = compare([runOf((block) => (block === 3 ? { p50Ns: 5, overrides: invalid } : {}))]);
    const [pair] = document.pairs;
    expect(pair).toMatchObject({
      design: 'paired',
      excluded: [{ block: 3, reason: 's=b is invalid (link-late: the machine was too busy)' }],
    });
    const p50 = metricOf(pair!, 'latency.response.p50');
    expect(p50.n).toBe(7);
    expect(p50.base.perTrial.map(({ block }) => block)).toEqual([0, 1, 2, 4, 5, 6, 7]);
  });

  test('an interrupted run: what is there is compared', () => {
    const whole = runOf(() => ({}), 8);
    // The last block lacks its second trial.
    const results = { ...whole, trials: whole.trials.slice(0, 15), footer: { ...whole.footer, interrupted: true } };
    const document = compare([results]);
    expect(document.pairs[0]!.excluded).toEqual([{ block: 7, reason: 's=b was not measured in it', blame: null }]);
    expect(document.warnings).toEqual(['run k3v9xq was interrupted after 15 of 16 trials: only these are compared.']);
    const killed = compare([{ ...whole, trials: [], footer: null as never }], { gates: ['p50:5%'] });
    expect(killed.warnings[0]).toBe('run k3v9xq was killed after 0 of 16 trials: only these are compared.');
    expect(killed.pairs[0]).toMatchObject({ excluded: [], warnings: ['There is no trial to compare.'] });
    expect(killed.gates[0]).toMatchObject({
      outcome: 'inconclusive',
      reason: 'latency.response.p50 is not judged: no trial can be used.',
    });
  });
});

describe('across files', () => {
  test('matches by name, unpaired, and says so', () => {
    const document = compare([fileOf('dir/base.ndjson', {}), fileOf('dir/head.ndjson', { p50Ns: 1200 })], {
      gates: ['p50:5%'],
    });
    expect(document.sources.map(({ file, runId }) => [file, runId])).toEqual([
      ['dir/base.ndjson', 'dir/base.ndjson'],
      ['dir/head.ndjson', 'dir/head.ndjson'],
    ]);
    const [pair] = document.pairs;
    expect(pair).toMatchObject({ name: 's=a, head.ndjson against base.ndjson', design: 'unpaired', excluded: [] });
    expect(pair!.base).toEqual({ source: 0, variant: 's=a' });
    expect(pair!.other).toEqual({ source: 1, variant: 's=a' });
    expect(pair!.warnings).toEqual([
      'The two sides were measured one after the other, not in the same blocks: what changed on the machine between them counts as a difference.',
    ]);
    // All of the one side below all of the other: 2 of C(16, 8) = 12,870 orders.
    const p50 = metricOf(pair!, 'latency.response.p50');
    expect(p50).toMatchObject({ n: 8, ratio: 1.2, interval: { low: 1.2, high: 1.2 }, verdict: 'regression' });
    expect(p50.p).toBeCloseTo(2 / 12_870, 12);
    expect(document.gates[0]?.outcome).toBe('failed');
  });

  test('sides of unequal length; invalid trials are left out one by one', () => {
    const invalid = { valid: false, invalidReasons: [{ code: 'deadline', message: 'drain' }] };
    const head = fileOf('b', {}, { blocks: 5 });
    const trials = head.results.trials.map((trial) => (trial.block === 2 ? { ...trial, ...invalid } : trial));
    const [pair] = compare([fileOf('a', {}), { ...head, results: { ...head.results, trials } }]).pairs;
    expect(pair!.excluded).toEqual([{ block: 2, reason: 'new: s=a is invalid (deadline: drain)', blame: null }]);
    expect(metricOf(pair!, 'latency.response.p50')).toMatchObject({ n: 4, verdict: 'equivalent' });
  });

  test('two files of one run are paired block by block', () => {
    const header = { runId: 'same' };
    const base = fileOf('a', {}, { header });
    const head = fileOf('b', { p50Ns: 1200 }, { header, variant: two[1]! });
    const [pair] = compare([base, head]).pairs;
    expect(pair).toMatchObject({ design: 'paired', name: 's=b (b) against s=a (a)', warnings: [] });
    expect(metricOf(pair!, 'latency.response.p50').p).toBe(0.0078125);
  });

  test('the same run twice is refused', () => {
    const file = fileOf('a.ndjson', {});
    expect(refusal(() => compare([file, file]))).toBe(
      'SAME_RUN: a.ndjson is given twice: every difference would be zero',
    );
    expect(refusal(() => compare([file, { ...file, path: 'copy.ndjson' }]))).toBe(
      'SAME_RUN: a.ndjson and copy.ndjson hold the same run: every difference would be zero',
    );
  });

  test('variants of one file only are named; none in common is refused', () => {
    const pair = {
      path: 'ab',
      results: { ...runOf(() => ({})), header: { ...runOf(() => ({})).header, runId: 'ab' } },
    };
    const document = compare([pair, fileOf('a', {})]);
    expect(names(document)).toEqual(['s=a, a against ab']);
    expect(document.warnings).toEqual(['Only in ab, and so left out: s=b.']);
    const other = fileOf('c', {}, { variant: variant('s=c', { s: 'c' }) });
    expect(refusal(() => compare([pair, other]))).toBe(
      'NO_COMMON_VARIANT: ab and c have no variant in common: s=a, s=b against s=c',
    );
    expect(names(compare([pair, other], { baseline: 's=b' }))).toEqual(['s=c (c) against s=b (ab)']);
  });
});

describe('runs that differ in more than what is compared', () => {
  const configured = (name: string, axes: VariantRecord['axes'], config: object): VariantRecord => ({
    ...variant(name, axes),
    config: { ...variant(name, axes).config, ...config },
  });
  const listing = (axes: object): Partial<HeaderRecord> => ({
    scenario: { ...headerOf({ variants: [] }).scenario, document: { axes } },
  });
  const pairOf = (a: VariantRecord, b: VariantRecord, header: Partial<HeaderRecord> = {}) => [
    fileOf('a', {}, { variant: a, header: { ...header, runId: 'a' } }),
    fileOf('b', {}, { variant: b, header: { ...header, runId: 'b' } }),
  ];

  test('are refused, with both values of what differs', () => {
    const files = pairOf(
      configured('v', {}, { server: { backlog: 511, sizes: [1, 2] }, load: { rate: '100/s' } }),
      configured('v', {}, { server: { backlog: 128, sizes: [1, 2] }, load: { rate: '200/s' }, extra: true }),
    );
    expect(refusal(() => compare(files))).toBe(
      [
        'SCENARIOS_DIFFER: a and b differ in more than what is compared:',
        '  load.rate: "100/s" against "200/s"',
        '  server.backlog: 511 against 128',
        '  extra: nothing against true',
      ].join('\n'),
    );
    const forced = compare(files, { force: true });
    expect(forced.pairs[0]!.warnings[1]).toBe(
      'The settings differ in more than what is compared: load.rate: "100/s" against "200/s", server.backlog: 511 against 128, extra: nothing against true. Compared because of --force.',
    );
  });

  test('but for the base and the head of a change: command, folder, environment, client', () => {
    const server = (command: string, version: string): object => ({
      client: version,
      server: { kind: 'command', command: [command], cwd: `/${command}`, env: { V: version }, port: 8080 },
    });
    const files = pairOf(configured('v', {}, server('old', '1')), configured('v', {}, server('new', '2')));
    expect(names(compare(files))).toEqual(['v, b against a']);
  });

  test('but for the axes on which they have different alternatives', () => {
    const sized = (size: number): VariantRecord =>
      configured(`size=${size}`, { 'strategy.pool.size': String(size) }, { strategy: { pool: { size } } });
    const header = listing({ 'strategy.pool.size': [1, 8] });
    expect(names(compare(pairOf(sized(1), sized(8), header)))).toEqual(['size=8 (b) against size=1 (a)']);
    // The same alternative that means something else now.
    const again = { ...sized(8), name: 'size=1', axes: { 'strategy.pool.size': '1' } };
    expect(refusal(() => compare(pairOf(sized(1), again, header)))).toContain('strategy.pool.size: 1 against 8');
  });

  test('and the knobs of named patches, with all that another kind of server brings', () => {
    const header = listing({
      server: { node: { server: { kind: 'node' } }, own: { server: { kind: 'command', command: 'x' } } },
    });
    const node = configured('server=node', { server: 'node' }, { server: { kind: 'node', backlog: 511 } });
    const own = configured('server=own', { server: 'own' }, { server: { kind: 'command', command: ['x'], port: 1 } });
    expect(compare(pairOf(node, own, header)).pairs).toHaveLength(1);
    // Names that every object inherits are no alternatives.
    const hostile = [
      { ...node, axes: { server: 'constructor' } },
      { ...own, axes: { server: '__proto__' } },
    ] as const;
    expect(refusal(() => compare(pairOf(...hostile, header)))).toContain('server.port: nothing against 1');
  });

  test('a baseline of several files is that of the variants under its load', () => {
    const loaded = (rate: string): VariantRecord =>
      configured(`rate=${rate}`, { 'load.rate': rate }, { load: { rate } });
    const both = (path: string) => {
      const results = run({ variants: [loaded('1/s'), loaded('2/s')], blocks: 8 }, () => ({
        p50Ns: 1000,
        p99Ns: 2000,
      }));
      return { path, results: { ...results, header: { ...results.header, runId: path } } };
    };
    const document = compare([both('a'), both('b')], { baseline: 'rate=1/s' });
    expect(names(document)).toEqual(['rate=1/s, b against a']);
    expect(document.warnings).toEqual([
      'Without the load and network of the baseline, and so left out of b: rate=2/s.',
    ]);
    expect(names(compare([both('a'), both('b')], { baseline: 'rate=1/s', force: true }))).toHaveLength(2);
    // Where none has it, what differs is said.
    const other = fileOf('c', {}, { variant: loaded('3/s') });
    expect(refusal(() => compare([both('a'), other], { baseline: 'rate=1/s' }))).toContain(
      'load.rate: "1/s" against "3/s"',
    );
  });

  test('but never for the load, even on an axis', () => {
    const header = listing({ 'load.rate': ['1/s', '2/s'] });
    const rated = (rate: string): VariantRecord =>
      configured(`rate=${rate}`, { 'load.rate': rate }, { load: { rate } });
    expect(refusal(() => compare(pairOf(rated('1/s'), rated('2/s'), header)))).toContain(
      'load.rate: "1/s" against "2/s"',
    );
  });
});

describe('different machines and versions', () => {
  const machine = (change: Partial<HeaderRecord['environment']>): Partial<HeaderRecord> => ({
    environment: { ...headerOf({ variants: [] }).environment, ...change },
  });
  const head: TrialChoice = { p50Ns: 1200 };
  const { sysctls } = headerOf({ variants: [] }).environment;
  const congestion = (name: string) => ({ ...sysctls, 'net.ipv4.tcp_congestion_control': name });

  test.each<[string, Partial<HeaderRecord>]>([
    ['cpuModel: Intel(R) Xeon(R) against AMD EPYC', machine({ cpuModel: 'AMD EPYC' })],
    ['cores: 2 against 4', machine({ cores: 4 })],
    ['kernel: 6.18.0 against 6.19.0', machine({ kernel: '6.19.0' })],
    ['node: v20.20.2 against unknown', machine({ node: null })],
    ['virtualisation: unknown against kvm', machine({ virtualisation: 'kvm' })],
    ['governor: unknown against powersave', machine({ governor: 'powersave' })],
    ['arch: x64 against arm64', machine({ arch: 'arm64' })],
    ['koffi: 3.3.4 against 3.4.0', machine({ libraries: { koffi: '3.4.0' } })],
    ['zlib: unknown against 1', machine({ libraries: { koffi: '3.3.4', zlib: '1' } })],
    ['memoryBytes: 8000000000 against 4000000000', machine({ memoryBytes: 4e9 })],
    ['net.ipv4.tcp_tw_reuse: 2 against 0', machine({ sysctls: { 'net.ipv4.tcp_tw_reuse': '0' } })],
    ['net.core.somaxconn: unknown against 128', machine({ sysctls: { ...sysctls, 'net.core.somaxconn': '128' } })],
    ['congestionControl: cubic against bbr', machine({ congestionControl: 'bbr', sysctls: congestion('bbr') })],
    ['connbench: 0.1.0 against 0.2.0', { connbenchVersion: '0.2.0' }],
  ])('no gate judges: %s', (difference, change) => {
    const files = [fileOf('a', {}), fileOf('b', head, { header: change })];
    const document = compare(files, { gates: ['p50:5%'] });
    const p50 = metricOf(document, 'latency.response.p50');
    expect(p50).toMatchObject({ gating: false, pHolm: null, alpha: 0.05, verdict: 'regression' });
    expect(document.gates).toEqual([
      {
        pair: 's=a, b against a',
        metric: 'latency.response.p50',
        margin: 0.05,
        outcome: 'inconclusive',
        reason: `latency.response.p50 is not judged: measured under different conditions: ${difference}.`,
      },
    ]);
    expect(document.pairs[0]!.warnings[1]).toBe(
      `Measured under different conditions: ${difference}. So no gate judges it; --force gates all the same.`,
    );
    const forced = compare(files, { gates: ['p50:5%'], force: true });
    expect(forced.gates[0]?.outcome).toBe('failed');
    expect(forced.pairs[0]!.warnings[1]).toContain('Gated all the same because of --force.');
  });

  test('nor between a lab and the loopback interface, or two transports', () => {
    const lab = fileOf('b', {
      overrides: { mode: 'lab', client: { name: 'reference', transport: 'net', transportReason: 'x' } },
    });
    expect(compare([fileOf('a', {}), lab], { gates: ['p50:5%'] }).gates[0]?.reason).toBe(
      'latency.response.p50 is not judged: measured under different conditions: mode: host against lab, client transport: epoll against net.',
    );
  });

  test('what does not bear on the figures may differ', () => {
    // Memory bears on them: a server with less of it may swap, or collect garbage more often. But a kernel takes a little for itself
    // before it counts the rest, not the same at every boot.
    const change = machine({ memoryBytes: 7.95e9, os: 'other', nofile: { soft: 9, hard: 9 } });
    const files = [fileOf('a', {}), fileOf('b', head, { header: { ...change, seed: 7 } })];
    expect(compare(files, { gates: ['p50:5%'] }).gates[0]?.outcome).toBe('failed');
  });
});

describe('a run that is gone on with', () => {
  const { environment, connbenchVersion } = headerOf({ variants: [] });
  const begun = { environment, connbenchVersion };

  test('is gone on with where it was begun', () => {
    expect(() => {
      assertSameMachine(begun, { ...begun, environment: { ...environment, os: 'other' } }, 'x.ndjson');
    }).not.toThrow();
  });

  test.each([
    ['cpuModel: Intel(R) Xeon(R) against AMD EPYC', { environment: { ...environment, cpuModel: 'AMD EPYC' } }],
    ['net.ipv4.tcp_tw_reuse: 2 against unknown', { environment: { ...environment, sysctls: {} } }],
    ['connbench: 0.1.0 against 0.2.0', { connbenchVersion: '0.2.0' }],
  ])('but not elsewhere, nor by another version: %s', (difference, change) => {
    const resume = (): void => {
      assertSameMachine(begun, { ...begun, ...change }, 'x.ndjson');
    };
    expect(refusal(resume)).toBe(
      `RESUME_ELSEWHERE: x.ndjson was begun under other conditions than these: ${difference}`,
    );
  });
});

test('imported figures are shown, marked, and never judged, not even by force', () => {
  const imported = { tool: 'autocannon', file: 'old.json' };
  const files = [
    fileOf('old', {}, { header: { imported }, variant: variant('default', {}) }),
    fileOf('new', { p50Ns: 1500 }),
  ];
  for (const force of [false, true]) {
    const document = compare(files, { gates: ['p50:5%'], force });
    expect(document.sources.map((source) => source.imported)).toEqual([true, false]);
    expect(document.warnings).toEqual([
      'old holds figures of autocannon: nothing was reconciled, so they are shown and never judged.',
    ]);
    expect(metricOf(document, 'latency.response.p50')).toMatchObject({
      kind: 'descriptive',
      gating: false,
      ratio: 1.5,
      interval: null,
      verdict: null,
      reason: 'figures of autocannon, which nothing was reconciled with',
    });
    expect(document.gates[0]?.outcome).toBe('inconclusive');
    expect(document.pairs[0]!.metrics.every(({ verdict }) => verdict === null)).toBe(true);
  }
});

test('names come through as they are: making them safe is for whoever shows them', () => {
  const hostile = 's=\u001b[31m<script>';
  const variants = [variant('s=a', { s: 'a' }), variant(hostile, { s: hostile })];
  const document = compare([run({ variants, blocks: 2, baseline: { s: 'a' } }, () => ({}))]);
  expect(document.pairs[0]!.name).toBe(`${hostile} against s=a`);
});
