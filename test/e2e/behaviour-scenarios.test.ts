/**
 * Shipped scenarios about what clients and servers do of themselves: their claims are confirmed in two blocks of a few variants, and
 * refuted as soon as the setting is changed that they depend on.
 */
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { judgeClaims, type Outcome } from '../../src/compare/claims.ts';
import { hasLab } from '../lab/users.ts';
import { Bench } from './connbench.ts';
import { sound } from './disturbance.ts';

const shipped = fileURLToPath(new URL('../../scenarios/', import.meta.url));

/** Real pauses, one trial after the other: up to 45 s on a busy machine. */
vi.setConfig({ testTimeout: 180_000 });

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => {
  bench.dispose();
});

/**
 * Runs two blocks of the variants of a shipped scenario, with parts of its text and of the files in its folder replaced everywhere, and
 * gives the outcome of each claim about them, by variant.
 */
async function outcomes(
  name: string,
  only: readonly string[],
  changes: readonly (readonly [from: string, to: string])[] = [],
  files: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, Outcome>>> {
  const text = changes.reduce(
    (before, [from, to]) => {
      expect(before).toContain(from);
      return before.replaceAll(from, to);
    },
    readFileSync(join(shipped, `${name}.yaml`), 'utf8'),
  );
  for (const folder of ['hint-honour', 'reuse-floor', 'http10-vs-11', 'time-wait-clients']) {
    cpSync(join(shipped, folder), join(bench.dir, folder), { recursive: true });
  }
  for (const [path, content] of Object.entries(files)) bench.file(path, content);
  const selected = only.flatMap((variant) => ['--only', variant]);
  const { stderr } = await bench.run('run', bench.file(`${name}.yaml`, text), ...selected, '--blocks', '2');
  expect(stderr).not.toContain('error:');
  const { header, trials } = await bench.results();
  expect(trials).toHaveLength(2 * only.length);
  const judged = judgeClaims({ header, trials: trials.map(sound) }).filter(({ cases }) => cases.length > 0);
  return Object.fromEntries(judged.map(({ outcome, cases }) => [cases[0]!.of, outcome] as const));
}

const all = (variants: readonly string[], outcome: Outcome): Readonly<Record<string, Outcome>> =>
  Object.fromEntries(variants.map((variant) => [variant, outcome]));

describe('hint-honour', () => {
  /** A pause of 1.5 s and a hint of 2 s: node:http lets go after 1 s, fetch and undici at once. */
  const shorter = [
    ['duration: 4700ms', 'duration: 1700ms'],
    ['keepAliveTimeout: 5s', 'keepAliveTimeout: 2s'],
  ] as const;
  const pause = { 'hint-honour/after-4500ms.txt': '0\n1.5\n' };
  const variantOf = (client: string): string => `client=${client} pause=4500ms`;
  const obeying = ['reference', 'node-http-timeout-60s', 'undici', 'fetch'].map(variantOf);
  const ignoring = ['reference-no-hint', 'node-http', 'agentkeepalive'].map(variantOf);

  test('says who obeys a hint and who ignores it', async () => {
    const variants = [...obeying, ...ignoring];
    expect(await outcomes('hint-honour', variants, shorter, pause)).toEqual(all(variants, 'confirmed'));
  });

  test('is refuted where the hint leaves time, and where the Agent has no timeout', async () => {
    const long = [shorter[0], ['keepAliveTimeout: 5s', 'keepAliveTimeout: 20s']] as const;
    expect(await outcomes('hint-honour', obeying, long, pause)).toEqual(all(obeying, 'refuted'));
    bench.dispose();
    bench = new Bench();
    const without = [...shorter, ['idleTimeout: 60s', 'idleTimeout: unlimited']] as const;
    const variant = variantOf('node-http-timeout-60s');
    expect(await outcomes('hint-honour', [variant], without, pause)).toEqual(all([variant], 'refuted'));
  });
});

describe('reuse-floor', () => {
  test('finds the least timeout of each client, and that Node closes a second later', async () => {
    const variants = [
      'client=node-http server.keepAliveTimeout=1999ms',
      'client=node-http server.keepAliveTimeout=2000ms',
      'client=fetch server.keepAliveTimeout=2999ms',
      'client=fetch server.keepAliveTimeout=3000ms',
      'client=returns-after-2900ms server.keepAliveTimeout=2000ms',
      'client=returns-after-3100ms server.keepAliveTimeout=2000ms',
    ];
    expect(await outcomes('reuse-floor', variants)).toEqual(all(variants, 'confirmed'));
  });

  test('is refuted by other timeouts, and by a server that closes at its timeout', async () => {
    const variants = [
      'client=node-http server.keepAliveTimeout=1500ms',
      'client=undici server.keepAliveTimeout=3500ms',
      'client=returns-after-2900ms server.keepAliveTimeout=1500ms',
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
    'request=http11 server.env.BODY=stream',
  ];
  expect(await outcomes('http10-vs-11', variants)).toEqual(all(variants, 'confirmed'));
  bench.dispose();
  bench = new Bench();
  const variant = 'request=http10-keep-alive server.env.BODY=length';
  const changes = [['connection: keep-alive', 'connection: close']] as const;
  expect(await outcomes('http10-vs-11', [variant], changes)).toEqual(all([variant], 'refuted'));
});

test.skipIf(!(await hasLab()))(
  'time-wait-clients: the server holds it where it closes first, the client of a hint of 0',
  async () => {
    const variants = ['connection-close', 'server-short-hint', 'server-idle-timeout'].map(
      (endedBy) => `client=undici ended-by=${endedBy}`,
    );
    expect(await outcomes('time-wait-clients', variants)).toEqual(all(variants, 'confirmed'));
    bench.dispose();
    bench = new Bench();
    const changes = [
      ['keepAliveTimeout: 999ms', 'keepAliveTimeout: 9999ms'],
      ['connection: close', 'connection: keep-alive'],
    ] as const;
    const kept = variants.slice(0, 2);
    expect(await outcomes('time-wait-clients', kept, changes)).toEqual(all(kept, 'refuted'));
  },
);
