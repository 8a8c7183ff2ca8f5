/**
 * Shipped scenarios about what clients and servers do of themselves: their claims are confirmed in two blocks of a few variants, and
 * refuted as soon as the setting is changed that they depend on.
 */
import { describe, expect, test, vi } from 'vitest';
import type { Outcome } from '../../src/compare/claims.ts';
import { hasLab } from '../lab/users.ts';
import { judged, type Change, type PartialRun } from './scenario-claims.ts';

/** Real pauses, one trial after the other: up to 45 s on a busy machine. */
vi.setConfig({ testTimeout: 180_000 });

/** The outcome of each claim about two blocks of some variants, by variant. */
async function outcomes(
  name: string,
  only: readonly string[],
  changes: readonly Change[] = [],
  files: PartialRun['files'] = {},
): Promise<Readonly<Record<string, Outcome>>> {
  const { trials, claims } = await judged(name, { only, blocks: 2, changes, files });
  expect(trials).toHaveLength(2 * only.length);
  return Object.fromEntries(claims.map(({ outcome, cases }) => [cases[0]!.of, outcome] as const));
}

const all = (variants: readonly string[], outcome: Outcome): Readonly<Record<string, Outcome>> =>
  Object.fromEntries(variants.map((variant) => [variant, outcome]));

describe('hint-honour', () => {
  /** A pause of 1.5 s and a hint of 2 s: node:http lets go after 1 s, fetch and undici at once. */
  const shorter = [
    ['duration: 2700ms', 'duration: 1700ms'],
    ['keepAliveTimeout: 3s', 'keepAliveTimeout: 2s'],
  ] as const;
  const pause = { 'hint-honour/after-2500ms.txt': () => '0\n1.5\n' };
  const variantOf = (client: string): string => `client=${client}`;
  const obeying = ['reference', 'node-http-timeout-60s', 'undici', 'fetch'].map(variantOf);
  const ignoring = ['reference-no-hint', 'node-http', 'agentkeepalive'].map(variantOf);

  test('says who obeys a hint and who ignores it', async () => {
    const variants = [...obeying, ...ignoring];
    expect(await outcomes('hint-honour', variants, shorter, pause)).toEqual(all(variants, 'confirmed'));
  });

  test('is refuted where the hint leaves time, and where the Agent has no timeout', async () => {
    const long = [shorter[0], ['keepAliveTimeout: 3s', 'keepAliveTimeout: 20s']] as const;
    expect(await outcomes('hint-honour', obeying, long, pause)).toEqual(all(obeying, 'refuted'));
    const without = [...shorter, ['idleTimeout: 60s', 'idleTimeout: unlimited']] as const;
    const variant = variantOf('node-http-timeout-60s');
    expect(await outcomes('hint-honour', [variant], without, pause)).toEqual(all([variant], 'refuted'));
  });
});

describe('reuse-floor', () => {
  test('finds the least timeout of each client', async () => {
    const variants = [
      'client=node-http server.keepAliveTimeout=1999ms',
      'client=node-http server.keepAliveTimeout=2000ms',
      'client=fetch server.keepAliveTimeout=2999ms',
      'client=fetch server.keepAliveTimeout=3000ms',
      'client=undici server.keepAliveTimeout=2999ms',
      'client=undici server.keepAliveTimeout=3000ms',
    ];
    expect(await outcomes('reuse-floor', variants)).toEqual(all(variants, 'confirmed'));
  });

  test('is refuted by other timeouts', async () => {
    const variants = [
      'client=node-http server.keepAliveTimeout=1500ms',
      'client=undici server.keepAliveTimeout=3500ms',
      'client=fetch server.keepAliveTimeout=3500ms',
    ];
    const changes = [
      ['2000ms', '1500ms'],
      ['2999ms', '3500ms'],
    ] as const;
    expect(await outcomes('reuse-floor', variants, changes)).toEqual(all(variants, 'refuted'));
  });
});

test('http10-vs-11: HTTP/1.0 persists where it asks and the program gives the length, and HTTP/1.1 without', async () => {
  const variants = [
    'request=http10-keep-alive server.env.BODY=length',
    'request=http10-keep-alive server.env.BODY=end',
    'request=http10-keep-alive server.env.BODY=stream',
    'request=http10-keep-alive-but-once server.env.BODY=length',
    'request=http11 server.env.BODY=stream',
  ];
  expect(await outcomes('http10-vs-11', variants)).toEqual(all(variants, 'confirmed'));
  // No request lacks the field: every one asks for keep-alive.
  const changes = [
    ["LEAVE_OUT: '5'", "LEAVE_OUT: '50'"],
    ['LEAVE_OUT: every', 'LEAVE_OUT: none'],
  ] as const;
  const silent = 'request=http10 server.env.BODY=length';
  expect(await outcomes('http10-vs-11', [variants[3]!, silent], changes)).toEqual(
    all([variants[3]!, silent], 'refuted'),
  );
});

test.skipIf(!(await hasLab()))(
  'time-wait-clients: the server holds it where it closes first, the client of a hint of 0',
  async () => {
    const variants = ['connection-close', 'server-short-hint', 'server-idle-timeout'].map(
      (endedBy) => `client=undici ended-by=${endedBy}`,
    );
    expect(await outcomes('time-wait-clients', variants)).toEqual(all(variants, 'confirmed'));
    const changes = [
      ['keepAliveTimeout: 999ms', 'keepAliveTimeout: 9999ms'],
      ['connection: close', 'connection: keep-alive'],
    ] as const;
    const kept = variants.slice(0, 2);
    expect(await outcomes('time-wait-clients', kept, changes)).toEqual(all(kept, 'refuted'));
  },
);
