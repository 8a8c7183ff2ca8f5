/**
 * Shipped scenarios whose claims are about behaviour: in short runs of a few of their variants the claims are confirmed, and refuted as soon as
 * the setting is changed that they depend on.
 */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { judgeClaims, type Outcome } from '../../src/compare/claims.ts';
import type { TrialRecord } from '../../src/results/record.ts';
import { hasLab } from '../lab/users.ts';
import { Bench } from './connbench.ts';
import { sound } from './disturbance.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => {
  bench.dispose();
});

interface Outcomes {
  readonly trials: readonly TrialRecord[];
  /** By metric and variant, of the claims that the run could decide. */
  readonly claims: Readonly<Record<string, Outcome>>;
}

/** Runs a shipped scenario, with parts of its text replaced, and judges its claims about counts. */
async function outcomes(
  name: string,
  args: readonly string[],
  ...changes: readonly (readonly [from: string, to: string])[]
): Promise<Outcomes> {
  const shipped = readFileSync(new URL(`../../scenarios/${name}.yaml`, import.meta.url), 'utf8');
  const text = changes.reduce((before, [from, to]) => {
    expect(before).toContain(from);
    return before.replace(from, to);
  }, shipped);
  const { stderr } = await bench.run('run', bench.file(`${name}.yaml`, text), ...args);
  expect(stderr).not.toContain('error:');
  const { header, trials } = await bench.results();
  const judged = judgeClaims({ header, trials: trials.map(sound) }).filter(({ cases }) => cases.length > 0);
  const claims = judged
    .filter(({ expectation: { metric } }) => !metric.startsWith('latency.'))
    .map(({ expectation: { metric }, outcome, cases }) => [`${metric}, ${cases[0]!.of}`, outcome] as const);
  bench.dispose();
  bench = new Bench();
  return { trials, claims: Object.fromEntries(claims) };
}

/** For the labs of some thirty trials, each a second and a half where nothing else runs. */
const timeout = 240_000;

describe.skipIf(!(await hasLab()))('in a lab', { timeout }, () => {
  test('zero-rtt: early data goes with nearly every connection, by both counts, and with none where the server takes none', async () => {
    const only = ['--only', 'handshake=early-data', '--only', 'handshake=early-data-refused'];
    const { claims, trials } = await outcomes('zero-rtt', only);
    expect(claims).toEqual({
      'connections.tls.earlyData, handshake=early-data': 'confirmed',
      'server.tls.earlyData, handshake=early-data': 'confirmed',
      'connections.tls.earlyData, handshake=early-data-refused': 'confirmed',
    });
    expect(trials.map(({ server }) => server.tls?.earlyData)).toEqual(
      trials.map(({ connections }) => connections?.tls?.earlyData),
    );
    // A count that is always 0 is known after two blocks.
    const changed = await outcomes(
      'zero-rtt',
      ['--only', 'handshake=early-data', '--blocks', '2'],
      ['resumption: early-data', 'resumption: session'],
    );
    expect(changed.claims).toEqual({
      'connections.tls.earlyData, handshake=early-data': 'refuted',
      'server.tls.earlyData, handshake=early-data': 'refuted',
    });
  });

  test('tls-cold-burst: nobody resumes in a cold burst, all do in a warm one, and none without tickets', async () => {
    const { claims, trials } = await outcomes('tls-cold-burst', ['--blocks', '2']);
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
    const warm = clients.slice(0, 2).flatMap((client) => ['--only', `client=${client} burst=warm`]);
    const changed = await outcomes('tls-cold-burst', [
      ...warm,
      '--blocks',
      '2',
      '--set',
      'server.tls.sessionTickets=false',
    ]);
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
    const only = variants.flatMap((variant) => ['--only', variant]);
    const { claims, trials } = await outcomes('retry-policy', only);
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
    const changed = await outcomes(
      'retry-policy',
      ['--only', variants[3]!, '--blocks', '2'],
      ['retry: always-once', 'retry: reused-once'],
    );
    expect(changed.claims[executedTwice]).toBe('refuted');
  });
});
