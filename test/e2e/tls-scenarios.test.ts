/**
 * Shipped scenarios whose claims are about behaviour: in short runs of a few of their variants the claims are confirmed, and refuted as soon as
 * the setting is changed that they depend on.
 */
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/compare/claims.ts';
import type { TrialRecord } from '../../src/results/record.ts';
import { hasLab } from '../lab/users.ts';
import { judged, type PartialRun } from './scenario-claims.ts';

interface Outcomes {
  readonly trials: readonly TrialRecord[];
  /** By metric and variant, of the claims about counts that the run could decide. */
  readonly claims: Readonly<Record<string, Outcome>>;
}

async function outcomes(name: string, run: PartialRun): Promise<Outcomes> {
  const { trials, claims } = await judged(name, run);
  const counted = claims
    .filter(({ expectation: { metric } }) => !metric.startsWith('latency.'))
    .map(({ expectation: { metric }, outcome, cases }) => [`${metric}, ${cases[0]!.of}`, outcome] as const);
  return { trials, claims: Object.fromEntries(counted) };
}

/** For the labs of some thirty trials, each a second and a half where nothing else runs. */
const timeout = 240_000;

describe.skipIf(!(await hasLab()))('in a lab', { timeout }, () => {
  test('zero-rtt: early data goes with nearly every connection, by both counts, and with none where the server takes none', async () => {
    const only = ['handshake=early-data', 'handshake=early-data-refused'];
    const { claims, trials } = await outcomes('zero-rtt', { only });
    expect(claims).toEqual({
      'connections.tls.earlyData, handshake=early-data': 'confirmed',
      'server.tls.earlyData, handshake=early-data': 'confirmed',
      'connections.tls.earlyData, handshake=early-data-refused': 'confirmed',
    });
    expect(trials.map(({ server }) => server.tls?.earlyData)).toEqual(
      trials.map(({ connections }) => connections?.tls?.earlyData),
    );
    // A count that is always 0 is known after two blocks.
    const changed = await outcomes('zero-rtt', {
      only: ['handshake=early-data'],
      blocks: 2,
      changes: [['resumption: early-data', 'resumption: session']],
    });
    expect(changed.claims).toEqual({
      'connections.tls.earlyData, handshake=early-data': 'refuted',
      'server.tls.earlyData, handshake=early-data': 'refuted',
    });
  });

  test('tls-cold-burst: nobody resumes in a cold burst, all do in a warm one, and none without tickets', async () => {
    const { claims, trials } = await outcomes('tls-cold-burst', { blocks: 2 });
    const clients = ['reference', 'node-http', 'undici', 'fetch'];
    expect(claims).toEqual({
      ...Object.fromEntries(
        clients.flatMap((client) =>
          ['cold', 'warm'].map((burst) => [
            `connections.tls.resumed, client=${client} burst=${burst}`,
            'confirmed' satisfies Outcome,
          ]),
        ),
      ),
      'server.tls.full, client=reference burst=cold': 'confirmed',
    });
    expect(trials.map(({ server }) => server.tls?.resumed)).toEqual(
      trials.map(({ connections }) => connections?.tls?.resumed),
    );
    const changed = await outcomes('tls-cold-burst', {
      only: clients.slice(0, 2).map((client) => `client=${client} burst=warm`),
      blocks: 2,
      args: ['--set', 'server.tls.sessionTickets=false'],
    });
    expect(changed.claims).toEqual({
      'connections.tls.resumed, client=reference burst=warm': 'refuted',
      'connections.tls.resumed, client=node-http burst=warm': 'refuted',
    });
  });

  test('retry-policy: what is sent again, what is executed twice, and by which policy', async () => {
    const variants = [
      'policy=reused-once fault=closed-unread method=GET',
      'policy=reused-once fault=closed-unread method=POST',
      'policy=always-once fault=closed-unread method=POST',
      'policy=always-once fault=executed-unanswered method=POST',
    ];
    const { claims, trials } = await outcomes('retry-policy', { only: variants });
    const executedTwice = 'requests.duplicates, policy=always-once fault=executed-unanswered method=POST';
    expect(claims).toMatchObject({
      'requests.duplicates, policy=reused-once fault=closed-unread method=GET': 'confirmed',
      'requests.retried, policy=reused-once fault=closed-unread method=POST': 'confirmed',
      'requests.duplicates, policy=always-once fault=closed-unread method=POST': 'confirmed',
      [executedTwice]: 'confirmed',
    });
    // Whoever met reset-before was executed, and sent again once: unless that met another one, or the last of all.
    for (const { requests, variant } of trials) {
      if (variant !== variants[3]) continue;
      expect(requests?.duplicates).toBe(requests?.wholeTrial?.retried);
    }
    // POST is not idempotent: the careful policy executes none of them twice.
    const changed = await outcomes('retry-policy', {
      only: [variants[3]!],
      blocks: 2,
      changes: [['retry: always-once', 'retry: reused-once']],
    });
    expect(changed.claims[executedTwice]).toBe('refuted');
  });
});
