/** The comparison of counts along a chain: consistent ones pass, and every single miscount is found. */
import { describe, expect, it } from 'vitest';
import type { PartialHopReport } from '../../src/hops/hop-handle.ts';
import type { HopReport } from '../../src/hops/messages.ts';
import { hopFailures, type HopFailure } from '../../src/scenario/hop-config.ts';
import type { ReconcileInput } from '../../src/trial/comparison.ts';
import { reconcile } from '../../src/trial/reconcile.ts';
import * as fixtures from './fixtures.ts';

const none = Object.fromEntries(hopFailures.map((name) => [name, 0])) as Record<HopFailure, number>;

/** The fixture's client opens 10 connections and sends 100 requests, which go on over 5 of the hop's own. */
const hop: HopReport = {
  atNs: 0,
  downstream: {
    opened: 10,
    open: 0,
    closedBy: { peer: 7, hop: 3, reset: 0 },
    requestsPerConnection: { 10: 10 },
    ages: { meanMs: 1, maxMs: 1 },
  },
  upstream: {
    attempted: 5,
    opened: 5,
    connectFailed: 0,
    open: 0,
    closedBy: { peer: 1, hop: 4, reset: 0 },
    requestsPerConnection: { 20: 5 },
    ages: { meanMs: 1, maxMs: 1 },
  },
  requests: {
    received: 100,
    refused: 0,
    ignored: 0,
    sent: 100,
    sentOnReuse: 95,
    answered: 100,
    abandoned: 0,
    failures: none,
    retries: none,
  },
  cpu: { userUs: 0, systemUs: 0 },
  rssBytes: 0,
};

const chain: ReconcileInput = {
  ...fixtures.consistent,
  server: {
    ...fixtures.consistent.server,
    accepted: 5,
    requestsPerConnection: { 20: 5 },
    firstCloser: { client: 4, server: 1, reset: 0 },
  },
  hops: [{ kind: 'reverse-proxy', host: 'server', report: hop }],
};

const lab: ReconcileInput = {
  ...chain,
  lab: {
    link: fixtures.link,
    kernelClient: { ActiveOpens: 10, PassiveOpens: 0 },
    // The hop accepts 10 and opens 5, which the server accepts.
    kernelServer: { ActiveOpens: 5, PassiveOpens: 15 },
    unsettled: { client: 0, server: 0 },
  },
};

const withHop = (input: ReconcileInput, report: HopReport | PartialHopReport): ReconcileInput => ({
  ...input,
  hops: [{ ...input.hops[0]!, report }],
});
const brokenRows = (input: ReconcileInput): readonly string[] =>
  reconcile(input)
    .filter(({ ok }) => ok === false)
    .map(({ name }) => name);

describe('a chain of one', () => {
  it('agrees in host mode and in a lab', () => {
    for (const input of [chain, lab]) {
      expect(reconcile(input).filter(({ ok }) => ok !== true)).toEqual([]);
    }
    expect(reconcile(lab).map(({ name }) => name)).toEqual([
      'connections.hop1',
      'connections.server',
      'requests.hop1',
      'requests.server',
      'status.502',
      'status.504',
      'opens.client',
      'accepts.client',
      'opens.server',
      'accepts.server',
      'flows',
      'firstFin.client',
      'firstFin.server',
      'requestsOnConnections',
      'closes',
      'requests.measure',
      'requests.trial',
    ]);
  });

  const { downstream, upstream, requests } = hop;
  it.each<[string, HopReport, readonly string[]]>([
    ['accepts one less', { ...hop, downstream: { ...downstream, opened: 9 } }, ['connections.hop1', 'accepts.server']],
    ['accepts one more', { ...hop, downstream: { ...downstream, opened: 11 } }, ['connections.hop1', 'accepts.server']],
    [
      'opens one more',
      { ...hop, upstream: { ...upstream, attempted: 6, opened: 6 } },
      ['connections.server', 'opens.server'],
    ],
    ['tries one more', { ...hop, upstream: { ...upstream, attempted: 6 } }, ['opens.server']],
    ['receives one less', { ...hop, requests: { ...requests, received: 99 } }, ['requests.hop1']],
    ['receives one more', { ...hop, requests: { ...requests, received: 101 } }, ['requests.hop1']],
    ['sends one less', { ...hop, requests: { ...requests, sent: 99 } }, ['requests.server']],
    [
      'sends one more, and it is answered',
      { ...hop, requests: { ...requests, sent: 101, answered: 101 } },
      ['requests.server'],
    ],
    [
      'sees one more first FIN of the client',
      { ...hop, downstream: { ...downstream, closedBy: { peer: 8, hop: 2, reset: 0 } } },
      ['firstFin.client'],
    ],
    [
      'sees one more first FIN of the server',
      { ...hop, upstream: { ...upstream, closedBy: { peer: 2, hop: 3, reset: 0 } } },
      ['firstFin.server'],
    ],
  ])('that %s is found', (_, report, rows) => {
    expect(brokenRows(withHop(lab, report))).toEqual(rows);
  });

  it('finds a 502 that nobody gave', () => {
    const { generator } = chain;
    const statuses = { ...generator.statuses, 502: 1 };
    expect(brokenRows({ ...chain, generator: { ...generator, statuses } })).toEqual(['status.502']);
    const failures = { ...none, refused: 1 };
    const given = withHop(chain, { ...hop, requests: { ...requests, failures } });
    expect(brokenRows({ ...given, generator: { ...generator, statuses } })).toEqual([]);
  });

  it('leaves room for what got no answer', () => {
    const failures = { ...none, endedOnReuse: 2 };
    const lossy = { ...hop, requests: { ...requests, answered: 98, failures } };
    expect(brokenRows(withHop(chain, lossy))).toEqual([]);
    // Between 98 and 100 of them can have been executed.
    const server = (executed: number): ReconcileInput => ({
      ...withHop(chain, lossy),
      server: { ...chain.server!, executed },
    });
    expect(brokenRows(server(98))).not.toContain('requests.server');
    expect(brokenRows(server(97))).toContain('requests.server');
  });

  it.each([
    ['kernelClient', 'ActiveOpens', 'opens.client'],
    ['kernelClient', 'PassiveOpens', 'accepts.client'],
    ['kernelServer', 'ActiveOpens', 'opens.server'],
    ['kernelServer', 'PassiveOpens', 'accepts.server'],
  ] as const)('finds a %s %s that differs', (side, counter, name) => {
    const counters = { ...lab.lab![side]!, [counter]: 99 };
    expect(brokenRows({ ...lab, lab: { ...lab.lab!, [side]: counters } })).toEqual([name]);
  });

  it('a connect that failed before its SYN is missing from the kernel, and no other', () => {
    const failures = { ...none, connectFailed: 1 };
    const short = withHop(lab, {
      ...hop,
      upstream: { ...upstream, attempted: 6, connectFailed: 1 },
      requests: { ...requests, answered: 99, sent: 99, failures },
    });
    const opens = (count: number): readonly string[] =>
      brokenRows({ ...short, lab: { ...lab.lab!, kernelServer: { ...lab.lab!.kernelServer!, ActiveOpens: count } } });
    expect(opens(6)).not.toContain('opens.server');
    expect(opens(5)).not.toContain('opens.server');
    expect(opens(4)).toContain('opens.server');
    expect(opens(7)).toContain('opens.server');
  });

  it('finds a flow too many on the wire', () => {
    expect(brokenRows({ ...lab, lab: { ...lab.lab!, link: { ...fixtures.link, flows: 11 } } })).toEqual(['flows']);
  });

  describe('with a server that counts what it executed again, and its faults', () => {
    const faulty = (
      duplicates: number,
      faults: number,
      report: HopReport | PartialHopReport | null,
    ): ReconcileInput => ({
      ...chain,
      hops: [{ ...chain.hops[0]!, report }],
      server: { ...chain.server!, duplicates, faults: { 'reset-before': faults } },
    });
    const hopWith = (failed: number, retried: number): HopReport => ({
      ...hop,
      requests: {
        ...requests,
        sent: 100 + retried,
        answered: 100 - failed,
        failures: { ...none, endedOnNew: failed },
        retries: { ...none, endedOnReuse: retried },
      },
    });
    const verdict = (input: ReconcileInput, name: string): boolean | null | undefined =>
      reconcile(input).find((row) => row.name === name)?.ok;

    it('a request that a hop tried again may be executed twice, one that it failed may not', () => {
      expect(verdict(faulty(2, 0, hopWith(0, 2)), 'requests.duplicates')).toBe(true);
      expect(verdict(faulty(3, 0, hopWith(0, 2)), 'requests.duplicates')).toBe(false);
      expect(verdict(faulty(2, 0, hopWith(2, 0)), 'requests.duplicates')).toBe(false);
    });

    it('a fault ends in a failure or another try of the hop', () => {
      expect(verdict(faulty(0, 3, hopWith(1, 2)), 'faults')).toBe(true);
      expect(verdict(faulty(0, 4, hopWith(1, 2)), 'faults')).toBe(false);
    });

    it('a hop that does not tell leaves both undecided', () => {
      const input = faulty(2, 3, null);
      expect(verdict(input, 'requests.duplicates')).toBeNull();
      expect(verdict(input, 'faults')).toBeNull();
    });
  });

  it('says what nobody tells, instead of a verdict', () => {
    const partial = {
      atNs: 0,
      accepted: 10,
      received: 100,
      tried: 100,
      statuses: { 200: 100 },
      failed: { 502: 0, 504: 0 },
      retries: 0,
    };
    const rows = reconcile(withHop(lab, partial));
    expect(rows.filter(({ ok }) => ok !== true).map(({ name, ok, note }) => [name, ok, note])).toEqual([
      ['connections.server', null, 'hop 1 (reverse-proxy) does not tell of its connections'],
      ['opens.server', null, 'a program on this host does not tell'],
    ]);
  });
});
